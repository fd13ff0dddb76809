import { kubeconfigPath } from './real-cluster.ts'
import { freePort } from './ports.ts'
import { scriptCluster, startProgram, type Program } from './program.ts'
import { startServiceNames } from './service-names.ts'

/**
 * Other people's controllers, each for one namespace, so that tests which run at the same time have their own. They are
 * processes of this machine with the administrator's rights, and reach Services by their names.
 */
const running: (() => Promise<void>)[] = []

/** Ends all controllers that were started. */
export async function stopControllers(): Promise<void> {
  for (const stop of running.splice(0).reverse()) await stop()
}

/** Builds what is absent, which may take minutes, and tells the cluster the kinds: for `beforeAll`, with `BUILDING`. */
export async function prepareArgoRollouts(): Promise<void> {
  await scriptCluster('path', 'argo-rollouts')
  await scriptCluster('add', 'argo-rollouts')
}

/** As `prepareArgoRollouts`; the cluster gets the image of the load tester, too. */
export async function prepareFlagger(): Promise<void> {
  await scriptCluster('path', 'flagger')
  await scriptCluster('add', 'flagger')
}

/** Milliseconds within which programs are built on a slow machine that runs other tests meanwhile. */
export const BUILDING = 1_200_000

/** Starts the controller of Argo Rollouts. It does not know ClusterAnalysisTemplates, as it has the one namespace. */
export async function startArgoRollouts(namespace: string): Promise<Program> {
  const [metrics, health] = [await freePort(), await freePort()]
  return start(
    'argo-rollouts',
    [
      `--kubeconfig=${kubeconfigPath()}`,
      '--namespaced',
      `--namespace=${namespace}`,
      '--leader-elect=false',
      // By default it asks for the group that Traefik 2 had, and says no more than that it was not found.
      '--traefik-api-group=traefik.io',
      '--traefik-api-version=traefik.io/v1alpha1',
      `--metricsPort=${metrics}`,
      `--healthzPort=${health}`
    ],
    'Started controller'
  )
}

/**
 * Starts Flagger. A Canary names its own `provider`; without one it is `kubernetes`. New ones are taken up within a second,
 * but none is looked at more often than every ten, however short its interval.
 */
export async function startFlagger(namespace: string): Promise<Program> {
  return start(
    'flagger',
    [
      `-kubeconfig=${kubeconfigPath()}`,
      `-namespace=${namespace}`,
      '-mesh-provider=kubernetes',
      '-metrics-server=http://prometheus.monitoring:9090',
      '-control-loop-interval=1s',
      '-log-level=info',
      `-port=${await freePort()}`
    ],
    'Started operator workers'
  )
}

async function start(name: string, args: readonly string[], ready: string): Promise<Program> {
  const names = await startServiceNames()
  running.push(() => {
    names.close()
    return Promise.resolve()
  })
  const program = await startProgram({ name, args, env: names.env, ready })
  running.push(() => program.stop())
  return program
}
