/** ARN of the cluster that packages are made for. */
export const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/sluice/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
