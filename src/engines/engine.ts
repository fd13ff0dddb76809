import type { Fault } from '../base/errors.ts'
import type { KubernetesObject, PodTemplate } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import type { Right } from '../kubernetes/rights.ts'
import type { Listener } from '../kubernetes/reach.ts'
import type {
  Seen,
  EngineVersion,
  Analysis,
  Wish,
  PatchWrite,
  Write,
  EngineState,
  LintFault,
  Share,
  Side,
  PodsOf
} from './values.ts'

export { isCall } from './values.ts'
export type * from './values.ts'

/**
 * A controller that releases a workload by itself. We bring a version, test it, watch it, and may veto. Pure: values in,
 * values out. One file or folder a kind.
 */
export interface Engine {
  /** As in the input `workload`: `rollout` of `rollout/web`. */
  readonly kind: string
  /** As people call the controller. */
  readonly title: string
  /** What it releases. */
  readonly object: { readonly apiVersion: string; readonly kind: string }
  /** The kind of that in rights. */
  readonly plural: string
  /** Kinds of what is told of it: what the controller makes, and says. */
  readonly made: readonly { readonly apiVersion: string; readonly kind: string }[]
  /** The kind by which it is told what to measure: such manifests are part of a release. */
  readonly measures: { readonly apiVersion: string; readonly kind: string }
  /**
   * What the credentials must be allowed to do: to look, to release, besides where the manifests bring the object itself
   * (`object`), where the template is in an object of its own (`target`), and where they bring what `refersTo` names
   * (`beside`).
   */
  readonly needs: Readonly<Record<'look' | 'release' | 'object' | 'target' | 'beside', readonly Right[]>>
  /** Whether an object of the kinds of `made` belongs to it. */
  concerns(seen: Seen, other: KubernetesObject): boolean
  /** Programs in the cluster that are called. */
  calls(object: KubernetesObject): readonly Listener[]
  /** Milliseconds in which a living controller has taken up a change. */
  patience(object: KubernetesObject): number
  /** Where the template is, if not in the object itself. */
  target(object: KubernetesObject): Ref | undefined
  /** Where that is which runs what serves, if it is an object of its own. */
  serving(object: KubernetesObject): Ref | undefined
  /** The template that runs, or is to run; undefined where there is none. */
  template(seen: Seen): PodTemplate | undefined
  /** What is wished for now. */
  wish(seen: Seen): Wish
  /**
   * Something in the status that changes once the controller has taken another wish up, where nothing in it says which wish
   * it is about.
   */
  noted(seen: Seen): string | undefined
  /** The same with another template. */
  withTemplate(seen: Seen, wish: Wish, template: PodTemplate): Wish
  /**
   * Why it cannot release anything as it is, each with the next thing to do.
   * @param live as it is now, where `seen` has what is asked for
   */
  problem(seen: Seen, live?: Seen): readonly Fault[]
  /** Everything that has to exist for this wish. */
  refersTo(object: KubernetesObject, wish: Wish): readonly Ref[]
  /**
   * Why the controller would refuse this wish, or fail with it, as far as that can be told beforehand.
   * @param beside what `refersTo` names, as far as it exists
   */
  lint(object: KubernetesObject, wish: Wish, beside: readonly KubernetesObject[]): readonly LintFault[]
  state(seen: Seen): EngineState
  /** Newest first. */
  versions(seen: Seen): readonly EngineVersion[]
  /** Those of the version with this hash, in the order of their begin. */
  analyses(seen: Seen, hash: string): readonly Analysis[]
  /** What users come by, e.g. `service/web`. */
  entrances(object: KubernetesObject): readonly string[]
  /** What it does with a new version, in words and in order. */
  steps(object: KubernetesObject): readonly string[]
  /** The shares of users that a new version gets beside the old one, in order. */
  shares(object: KubernetesObject): readonly Share[]
  /**
   * Why it would move users past everything that its object wants before.
   * @param tests whether something is to be tested before users come
   */
  shortcuts(seen: Seen, wish: Wish, beside: readonly KubernetesObject[], tests: boolean): readonly Fault[]
  /** Warnings that users meet a new version before it has been tested, with what to change. @param tests whether there are any */
  exposure(object: KubernetesObject, tests: boolean): readonly string[]
  /** Starts a release; nothing when all of it is wished for already. */
  bring(seen: Seen, wish: Wish): readonly PatchWrite[]
  /**
   * In the controller's own words, why it has failed; undefined where the state has them.
   * @param since when the release began; RFC 3339
   */
  said(seen: Seen, since: string): string | undefined
  /** Says yes at a gate, to this one alone. Nothing where there is none, or the yes belongs to a person elsewhere. */
  proceed(seen: Seen): readonly Write[]
  /** What takes a yes back that has led past its gate, so that it is none for the next one. */
  passed(seen: Seen): readonly Write[]
  /** What takes a yes back that would lead past a later gate while nobody looks; `resume` gives it again. */
  lapse(seen: Seen): readonly Write[]
  resume(seen: Seen): readonly Write[]
  /** What no release may find from one before: its yes, and its no. */
  settle(seen: Seen): readonly Write[]
  /** Lets the wished version take everything at once, without steps and analyses: for what has served before. */
  hasten(seen: Seen, hash: string): readonly Write[]
  /**
   * Puts users back at once, if the version with this hash is still the one that is released. Nothing, too, where the
   * controller would not take a no: then only the wish of before puts them back.
   */
  veto(seen: Seen, hash: string, to: Wish): readonly Write[]
  /** Whether a no ends the pods of the new version at once, so that they are to be asked before. */
  readonly endsPods: boolean
  /** Milliseconds that its steps take with a version that it could not be told to take at once; 0 where it can. */
  course(object: KubernetesObject): number
  /** Whether the controller itself takes a no, and ends the release; else it goes on with the version of before. */
  hears(object: KubernetesObject): boolean
  /** Changes what means nothing, so that a controller which has overlooked a write looks again. */
  nudge(seen: Seen): readonly Write[]
  /** Brings the wish of before back, unless somebody has wished for something else than `from` meanwhile. */
  revert(seen: Seen, from: Wish, to: Wish): readonly Write[]
  pods(seen: Seen, side: Side): PodsOf | undefined
  /**
   * Where the pods of a version are found that neither serves nor is wished for any more, for as long as there are any;
   * undefined where none are left of such a one.
   */
  left(seen: Seen, hash: string): PodsOf | undefined
}
