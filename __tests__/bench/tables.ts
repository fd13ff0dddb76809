import { JUDGE_NAMES, type JudgeName, type Outcome, type ScenarioCell } from './cell.ts'
import { SCENARIOS, type Kind, type ProtocolName } from './scenarios.ts'
import { tallyOf, wilson, type Played, type Tally } from './tally.ts'

/** What was played, as tables in Markdown. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export function percent(count: number, of: number): string {
  const share = (100 * count) / Math.max(of, 1)
  return share === 0 || share >= 10 ? share.toFixed(0) : share.toFixed(1)
}

type PlayedScenario = Played & { readonly cell: ScenarioCell }

const isScenario = (played: Played): played is PlayedScenario => 'protocol' in played.cell

export const scenariosOf = (played: readonly Played[], protocol: ProtocolName, ...kinds: readonly Kind[]) =>
  played
    .filter(isScenario)
    .filter(({ cell }) => cell.protocol === protocol && kinds.includes(SCENARIOS[cell.scenario].kind))

/** All releases of some cells that a judge was asked about. */
const pooled = (played: readonly Played[], judge: JudgeName): Tally =>
  tallyOf(played.flatMap(({ outcomes }) => outcomes[judge] ?? []))

export const atRate = <T extends Played>(played: readonly T[], rps: number): readonly T[] =>
  played.filter(({ cell }) => cell.rps === rps)

export const ratesOf = (played: readonly Played[]): readonly number[] => [
  ...new Set(played.map(({ cell }) => cell.rps))
]

/** Rolled back of the good ones, promoted of the bad ones, and undecided of the good ones. Cells have equally many releases. */
export function summary(played: readonly Played[], protocol: ProtocolName): string {
  const rates = ratesOf(played)
  const rows = JUDGE_NAMES.map((judge) => [
    judge,
    ...rates.map((rps) => {
      const good = pooled(atRate(scenariosOf(played, protocol, 'good'), rps), judge)
      const bad = pooled(atRate(scenariosOf(played, protocol, 'bad'), rps), judge)
      const wrong = `${percent(good.count('rollback'), good.releases)} / ${percent(bad.count('promote'), bad.releases)}`
      const open = good.count('inconclusive', 'no-data')
      return judge.startsWith('ours') ? `${wrong} (${percent(open, good.releases)})` : wrong
    })
  ])
  return table(['judge', ...rates.map((rps) => `${rps} rps`)], rows)
}

/** Rolled back in percent, its interval, undecided ones, and the seconds of half of the rollbacks. */
export function found(outcomes: readonly Outcome[] | undefined): string {
  if (outcomes === undefined) return '–'
  const { releases, median, count } = tallyOf(outcomes)
  const [low, high] = wilson(count('rollback'), releases)
  const open = count('inconclusive', 'no-data')
  return [
    `${percent(count('rollback'), releases)} [${low.toFixed(1)}–${high.toFixed(1)}]`,
    ...(open > 0 ? [`(${percent(open, releases)})`] : []),
    ...(median !== undefined ? [`@${median}`] : [])
  ].join(' ')
}

const nameOf = ({ cell }: Played): string =>
  'family' in cell ? `${cell.family} ${cell.kind}` : cell.scenario

/** A row for each cell, a column for each judge. */
export function details(played: readonly Played[], judges: readonly JudgeName[] = JUDGE_NAMES): string {
  const rows = played.map((one) => [
    nameOf(one),
    String(one.cell.rps),
    ...judges.map((judge) => found(one.outcomes[judge]))
  ])
  return table(['scenario', 'rps', ...judges], rows)
}

/** Requests to the new version until it was decided, and those that failed: means. */
export function exposed(played: readonly Played[], judges: readonly JudgeName[] = JUDGE_NAMES): string {
  const rows = played.map((one) => [
    nameOf(one),
    String(one.cell.rps),
    ...judges.map((judge) => {
      const { requests, errors } = tallyOf(one.outcomes[judge] ?? [])
      return `${requests.toFixed(0)} (${errors.toFixed(0)})`
    })
  ])
  return table(['scenario', 'rps', ...judges], rows)
}
