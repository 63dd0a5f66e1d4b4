/**
 * Interface that an application can augment once, with `topic` as the union of its topic names. The compiler then rejects emissions
 * to other topics. Without this declaration, any topic name compiles, and an unknown topic is rejected at run time. Outside of this
 * repository, write `declare module '@sluice/runtime' { interface Declared { readonly topic: 'orders' | 'totals' } }`.
 *
 * @public
 */
// biome-ignore lint/suspicious/noEmptyInterface: an application adds its members
export interface Declared {}

/** Name of a topic within the application, as used in `Emission.to`. Its Kafka name can be different. */
export type TopicName = Declared extends { readonly topic: infer Name extends string } ? Name : string
