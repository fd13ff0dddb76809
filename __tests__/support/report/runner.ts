/** Finds the commands in what a step prints and writes, by the rules of GitHub's runner. */

export interface Command {
  readonly name: string
  readonly message: string
}

/** Other names between the colons are plain text. */
const REGISTERED: ReadonlySet<string> = new Set([
  ...['add-mask', 'add-matcher', 'remove-matcher', 'add-path', 'set-env', 'set-output', 'save-state'],
  ...['debug', 'notice', 'warning', 'error', 'group', 'endgroup', 'echo', 'stop-commands'],
  'internal-set-repo-path'
])

/**
 * The commands in a log, in order. It is read line by line, and a carriage return ends a line too. `::name::` counts at
 * the start of a line, after blanks and after what has no width; the older `##[name]` counts anywhere in it.
 */
export const commandsIn = (log: string): readonly Command[] =>
  log.split(/\r\n|\r|\n/u).flatMap((line) => commandIn(line) ?? [])

function commandIn(line: string): Command | undefined {
  const visible = line.replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '').replace(/^\s+/u, '')
  const [, head, message = ''] = /^::(.*?)::(.*)$/su.exec(visible) ?? []
  const [, old, oldMessage = ''] = /##\[([^\]]*)\](.*)$/su.exec(visible) ?? []
  const newer = registered(head, message)
  return newer ?? registered(old, oldMessage)
}

function registered(head: string | undefined, message: string): Command | undefined {
  const name = head?.split(' ')[0]?.toLowerCase()
  return name !== undefined && REGISTERED.has(name) ? { name, message } : undefined
}

/** Names and values in a file such as `GITHUB_OUTPUT`: `name=value`, or `name<<delimiter` with lines up to that. */
export function entriesIn(file: string): readonly (readonly [name: string, value: string])[] {
  const lines = file.split(/\r\n|\r|\n/u)
  const entries: [string, string][] = []
  while (lines.length > 0) {
    const line = lines.shift() ?? ''
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (line === '') continue
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      entries.push([line.slice(0, equals), line.slice(equals + 1)])
      continue
    }
    const end = lines.indexOf(line.slice(heredoc + 2))
    if (heredoc < 0 || end < 0) throw new Error(`the runner refuses this file: ${line}`)
    entries.push([
      line.slice(0, heredoc),
      lines
        .splice(0, end + 1)
        .slice(0, -1)
        .join('\n')
    ])
  }
  return entries
}
