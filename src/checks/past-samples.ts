import type { PodSamples } from './judge/pods.ts'

/** The stable version's samples of a stretch of the past: of pods that are gone as well. */
export interface PastSamples {
  readonly pods: readonly PodSamples[]
  /** A router reports them, which mixes the pods. */
  readonly isMixed: boolean
}
