/** ARNs and statements of policies. Pure. */

/** The ARN of something in the account and region of the stack: CloudFormation fills those in. */
export function arnHere(service: string, resource: string): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
  const [partition, region, id] = ['${AWS::Partition}', '${AWS::Region}', '${AWS::AccountId}']
  return { 'Fn::Sub': ['arn', partition, service, region, id, resource].join(':') }
}

/** The same of whatever account: for what others share with this one. */
export function arnOfAnyAccount(service: string, resource: string): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
  const [partition, region] = ['${AWS::Partition}', '${AWS::Region}']
  return { 'Fn::Sub': ['arn', partition, service, region, '*', resource].join(':') }
}

/** The ARN of a bucket, or of objects in it. @param objects begins with a slash */
export function arnInBucket(bucket: string, objects = ''): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
  return { 'Fn::Sub': ['arn', '${AWS::Partition}', 's3', '', '', `${bucket}${objects}`].join(':') }
}

/** The name by which a service calls KMS. */
export function byService(service: string): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
  return { 'Fn::Sub': [service, '${AWS::Region}', 'amazonaws.com'].join('.') }
}

/** A statement of a policy: what may, or may not, be done with the resources of these ARNs. */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: readonly string[]
  readonly Resource: readonly unknown[]
  readonly Condition?: object
}

export function allow(actions: readonly string[], resources: readonly unknown[]): Statement {
  return { Effect: 'Allow', Action: actions, Resource: resources }
}

/**
 * Returns the ARN of a resource of a cluster, by its name: `arn:…:cluster/<name>/<uuid>` has topics and groups such as
 * `arn:…:topic/<name>/<uuid>/<topic>`.
 */
export function arnInCluster(clusterArn: string, kind: 'topic' | 'group', name: string): string {
  return `${clusterArn.replace(':cluster/', `:${kind}/`)}/${name}`
}
