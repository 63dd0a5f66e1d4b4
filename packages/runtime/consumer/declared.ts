/**
 * Interface to be augmented once by an application: `topic` is the union of its topic names. The compiler then rejects emissions to
 * other topics. Without it, every string compiles, and the runtime rejects the step. Outside of this repository, write `declare
 * module '@sluice/runtime' { interface Declared { readonly topic: 'orders' | 'totals' } }`.
 *
 * @public
 */
// biome-ignore lint/suspicious/noEmptyInterface: an application adds its members
export interface Declared {}

/** Name of a topic within the application, as in `Emission.to`. Its Kafka name may differ. */
export type TopicName = Declared extends { readonly topic: infer Name extends string } ? Name : string
