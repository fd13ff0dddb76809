/** A change of one line that takes away what a promise stands on: the simulation has to notice. */
export interface Break {
  /** Under src/. */
  readonly file: string
  readonly from: string
  readonly to: string
}

export const breaks: Readonly<Record<string, Break>> = {
  fence: {
    file: 'execution/route-state.ts',
    from: 'if (ours.has(text) || (text === undefined && last !== undefined)) return',
    to: 'if (ours !== undefined || text === undefined || last !== undefined) return'
  },
  'no lock': {
    file: 'kubernetes/lease.ts',
    from: "if (holderIdentity === '' || holderIdentity === holder.id) return lease",
    to: "if (holderIdentity !== 'nobody') return lease"
  },
  'no resourceVersion': {
    file: 'routes/changes.ts',
    from: "{ op: 'replace', path: '/metadata/resourceVersion', value: before.metadata.resourceVersion },",
    to: ''
  },
  'scale-down-first': {
    file: 'strategies/progressive.ts',
    from: "{ kind: 'shift', split, step: index },",
    to: "...(split.weight === 100 ? [{ kind: 'scale-down', side: 'stable' } as const] : []), { kind: 'shift', split, step: index },"
  },
  'no drain': {
    file: 'execute.ts',
    from: 'await run.ports.clock.sleep(duration, signal)',
    to: 'await run.ports.clock.sleep(Math.min(duration, 1), signal)'
  },
  'record after traffic': {
    file: 'execution/switch.ts',
    from: 'await writeRecord(run, release, NOBODY)\n  await splitRoutes(run, split)',
    to: 'await splitRoutes(run, split)\n  await writeRecord(run, release, NOBODY)'
  },
  'not ready': {
    file: 'execution/readiness.ts',
    from: "if (seen.state === 'ready') {",
    to: "if (seen.state !== 'doomed') { resolve(seen as Ready); return }\n    if (seen.state === 'ready') {"
  },
  untested: {
    file: 'execute.ts',
    from: 'smoke: (_, run, signal) => runSmokeTestsOn(run, run.pods, signal),',
    to: "smoke: (_, run) => { for (const { metadata } of run.pods) run.tested.add(metadata.uid ?? ''); return Promise.resolve('') },"
  },
  'no ensure-stable': {
    file: 'execution/stable.ts',
    from: "if (weightNow(run) === 0) return 'it has the traffic already'",
    to: "if (weightNow(run) !== -1) return 'it has the traffic already'"
  },
  'no recovery': {
    file: 'deploy.ts',
    from: 'if (observed.record !== undefined && isUnfinished(observed.record)) return afterRecovery',
    to: 'if (observed.service === undefined) return afterRecovery'
  },
  'whole object': {
    file: 'kubernetes/rebase.ts',
    from: '...live,\n  ...Object.fromEntries',
    to: '...base,\n  ...Object.fromEntries'
  },
  'promoted at once': {
    file: 'execution/switch.ts',
    from: 'await writeService(run, release, EVERYBODY)',
    to: 'run.release = release\n  await writeService(run, release, EVERYBODY)'
  }
}
