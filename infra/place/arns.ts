/** ARNs and policy statements. Pure. */

/** Returns the ARN of a resource in the stack's account and region, which CloudFormation fills in. */
export function arnHere(service: string, resource: string): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
  const [partition, region, id] = ['${AWS::Partition}', '${AWS::Region}', '${AWS::AccountId}']
  return { 'Fn::Sub': ['arn', partition, service, region, id, resource].join(':') }
}

/** Returns an ARN that matches the resource in any account, for resources that other accounts share with this account. */
export function arnOfAnyAccount(service: string, resource: string): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
  const [partition, region] = ['${AWS::Partition}', '${AWS::Region}']
  return { 'Fn::Sub': ['arn', partition, service, region, '*', resource].join(':') }
}

/** Returns the ARN of a bucket or of objects in it. @param objects key pattern of the objects, with a leading slash */
export function arnInBucket(bucket: string, objects = ''): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is CloudFormation's
  return { 'Fn::Sub': ['arn', '${AWS::Partition}', 's3', '', '', `${bucket}${objects}`].join(':') }
}

/** Returns the value of the condition key `kms:ViaService` for a service. */
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
 * Returns the ARN of a topic or group of a cluster. A cluster has the ARN `arn:…:cluster/<name>/<uuid>`, and its topics have ARNs
 * such as `arn:…:topic/<name>/<uuid>/<topic>`.
 */
export function arnInCluster(clusterArn: string, kind: 'topic' | 'group', name: string): string {
  return `${clusterArn.replace(':cluster/', `:${kind}/`)}/${name}`
}
