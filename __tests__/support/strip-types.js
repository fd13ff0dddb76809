import { stripTypeScriptTypes } from 'node:module'

/** Node removes the types by itself; jest only needs to be told so. */
export default { process: (source) => ({ code: stripTypeScriptTypes(source) }) }
