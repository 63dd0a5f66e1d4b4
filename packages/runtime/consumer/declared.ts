/**
 * An application declares its types here once: `topic` is the union of its topic names. The compiler then rejects an emission to
 * any other topic. Without it, every string compiles, and the runtime rejects the step. Outside of this repository that is
 * `declare module '@sluice/runtime' { interface Declared { readonly topic: 'orders' | 'totals' } }`.
 *
 * @public
 */
// biome-ignore lint/suspicious/noEmptyInterface: an application adds its members
export interface Declared {}

/** The name of a topic within the application, as in `Emission.to`. Its name in Kafka may differ. */
export type TopicName = Declared extends { readonly topic: infer Name extends string } ? Name : string
