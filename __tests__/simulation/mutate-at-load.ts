import { registerHooks } from 'node:module'
import { mutants } from './mutants.ts'

/** Loaded before everything else: what is named in GREENLIGHT_BREAK is broken when its file is loaded. */

const name = process.env.GREENLIGHT_BREAK ?? ''
const broken = mutants[name]
if (broken === undefined)
  throw new Error(`there is no break ${name}; there are ${Object.keys(mutants).join(', ')}`)
const { file, replace, by } = broken
const target = new URL(`../../src/${file}`, import.meta.url).href

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (url !== target) return loaded
    const text = Buffer.from(loaded.source as Uint8Array).toString()
    const parts = text.split(replace)
    if (parts.length !== 2)
      throw new Error(
        `break ${name}: src/${file} has ${parts.length - 1} times what is to be replaced: ${replace}`
      )
    return { ...loaded, source: parts.join(by) }
  }
})
