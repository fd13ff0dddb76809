import type { Pod } from '../../kubernetes/objects.ts'
import { checkedOf } from '../checked.ts'
import { measuredCanary, testedPods } from '../measured-versions.ts'
import type { ReleaseRun } from '../release-run.ts'
import { runTests, type Tested } from './smoke-tests.ts'

const testedOf = (run: ReleaseRun): Tested => ({
  namespace: run.namespace,
  slot: run.progress.canary.slot,
  entrance: run.entrance,
  ports: run.ports,
  journal: run.journal,
  sampler: run.sampler,
  checked: checkedOf(run),
  canary: () => measuredCanary(run, testedPods(run.progress))
})

/** Runs every smoke test on these pods, in order; the first that fails ends it. */
export async function runSmokeTestsOn(
  run: ReleaseRun,
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<string> {
  const tests = run.settings.smokeTests.map((test, at) => ({ test, number: at + 1 }))
  const detail = await runTests(testedOf(run), tests, pods, signal)
  for (const { metadata } of pods) run.progress.tested.add(metadata.uid ?? '')
  return detail
}
