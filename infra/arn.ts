/** ARNs and policy statements. Pure. */

/** Returns the ARN of a resource in the stack's account and region, which CloudFormation fills in. */
export function arnHere(service: string, resource: string): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
  const [partition, region, id] = ['${AWS::Partition}', '${AWS::Region}', '${AWS::AccountId}']
  return { 'Fn::Sub': ['arn', partition, service, region, id, resource].join(':') }
}

/** Returns the ARN of a resource in any account, for resources that are shared with this one. */
export function arnOfAnyAccount(service: string, resource: string): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
  const [partition, region] = ['${AWS::Partition}', '${AWS::Region}']
  return { 'Fn::Sub': ['arn', partition, service, region, '*', resource].join(':') }
}

/** Returns the ARN of a bucket or of objects in it. @param objects begins with a slash */
export function arnInBucket(bucket: string, objects = ''): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
  return { 'Fn::Sub': ['arn', '${AWS::Partition}', 's3', '', '', `${bucket}${objects}`].join(':') }
}

/** Returns the service principal that KMS sees when a service uses a key. */
export function byService(service: string): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
  return { 'Fn::Sub': [service, '${AWS::Region}', 'amazonaws.com'].join('.') }
}

/** Statement of a policy: allowed or denied actions on resources. */
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
 * Returns the ARN of a topic or group of a cluster. The ARN of a cluster is `arn:…:cluster/<name>/<uuid>`, that of a topic
 * `arn:…:topic/<name>/<uuid>/<topic>`.
 */
export function arnInCluster(clusterArn: string, kind: 'topic' | 'group', name: string): string {
  return `${clusterArn.replace(':cluster/', `:${kind}/`)}/${name}`
}
