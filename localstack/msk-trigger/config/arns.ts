/** The account id of resources that have none, as in LocalStack. */
export const ACCOUNT = '000000000000'

/** The ARN of a function, in the account of its cluster where that is known. */
export function functionArn(cluster: unknown, name: string, region: string): string {
  const account = /^arn:[\w-]+:kafka:[^:]*:(\d+):/.exec(String(cluster))?.[1] ?? ACCOUNT
  return `arn:aws:lambda:${region}:${account}:function:${name}`
}

/** The ARN as configured. A reference that only CloudFormation can resolve is replaced by a placeholder ARN of the same form. */
export function clusterArn(arn: unknown, region: string): string {
  return typeof arn === 'string'
    ? arn
    : `arn:aws:kafka:${region}:${ACCOUNT}:cluster/local/00000000-0000-0000-0000-000000000000-1`
}
