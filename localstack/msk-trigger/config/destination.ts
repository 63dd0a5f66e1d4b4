/** Where discarded records are sent. Rules 41, 42. */
export type Destination =
  | { readonly kind: 'sqs' | 'sns' | 's3'; readonly arn: string }
  /** A topic of the same cluster. Rule 43. */
  | { readonly kind: 'kafka'; readonly topic: string }
