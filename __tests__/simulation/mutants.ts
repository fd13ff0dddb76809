/** A change of one line that takes away what a promise stands on: the simulation has to notice. */
export interface Mutant {
  /** Under src/. */
  readonly file: string
  readonly replace: string
  readonly by: string
  /** The seed from which on few schedules are enough to notice; from the first one on it takes up to 1,400. */
  readonly from?: number
}

export const mutants: Readonly<Record<string, Mutant>> = {
  fence: {
    from: 200,
    file: 'traffic/state.ts',
    replace: 'if (ours.has(text) || (text === undefined && last !== undefined)) return',
    by: 'if (ours !== undefined || text === undefined || last !== undefined) return'
  },
  'no lock': {
    file: 'lock/acquire.ts',
    replace: "return by === '' || by === holder.id",
    by: "return by !== 'nobody'"
  },
  'no claims': {
    from: 130,
    file: 'commands/fence-inherited.ts',
    replace: 'if (!lock.isInherited || readRecord(service) === undefined) return',
    by: "if (lock.holder !== '') return"
  },
  'no resourceVersion': {
    from: 60,
    file: 'traffic/changes.ts',
    replace: "{ op: 'replace', path: '/metadata/resourceVersion', value: before.metadata.resourceVersion },",
    by: ''
  },
  'scale-down-first': {
    file: 'plan/progressive.ts',
    replace: "{ kind: 'shift', split, step: index },",
    by: "...(split.weight === 100 ? [{ kind: 'scale-down', side: 'stable' } as const] : []), { kind: 'shift', split, step: index },"
  },
  'no drain': {
    file: 'execute/steps/drain.ts',
    replace: 'clock.sleep(duration, ended)',
    by: 'clock.sleep(Math.min(duration, 1), ended)'
  },
  'record after traffic': {
    file: 'execute/steps/shift.ts',
    replace: 'await writeRecord(run, release, NOBODY)\n  await splitRoutes(run, split)',
    by: 'await splitRoutes(run, split)\n  await writeRecord(run, release, NOBODY)'
  },
  untested: {
    file: 'execute/execute.ts',
    replace: 'smoke: (_, run, signal) => smokeCanary(run, signal),',
    by: "smoke: (_, run) => { for (const { metadata } of run.progress.pods) run.progress.tested.add(metadata.uid ?? ''); return Promise.resolve('') },"
  },
  'no ensure-stable': {
    from: 1400,
    file: 'execute/steps/ensure-stable.ts',
    replace: "if (weightNow(run) === 0) return hasItAlready(run, 'ready' in found ? found.ready : undefined)",
    by: 'if (weightNow(run) !== -1) return hasItAlready(run, undefined)'
  },
  'no recovery': {
    file: 'commands/deploy.ts',
    replace: 'if (left !== undefined) return afterRecovery',
    by: 'if (left?.record.id === "") return afterRecovery'
  },
  'a Service left behind': {
    file: 'execute/begin-run.ts',
    replace: 'openCompanions(companions, release',
    by: 'openCompanions([], release'
  },
  'nothing put back': {
    file: 'traffic/traffic.ts',
    replace: 'if (write === undefined) return\n  state.hadStrayTraffic',
    by: 'if (write !== undefined) return\n  state.hadStrayTraffic'
  },
  'whole object': {
    from: 700,
    file: 'kubernetes/rebase.ts',
    replace: '...live,\n  ...Object.fromEntries',
    by: '...base,\n  ...Object.fromEntries'
  }
}
