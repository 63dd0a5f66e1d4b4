/** ARNs, and CloudFormation expressions for them. Pure. */

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

/**
 * Returns the ARN of a topic or group of a cluster. A cluster has the ARN `arn:…:cluster/<name>/<uuid>`, and its topics have ARNs
 * such as `arn:…:topic/<name>/<uuid>/<topic>`.
 */
export function arnInCluster(clusterArn: string, kind: 'topic' | 'group', name: string): string {
  return `${clusterArn.replace(':cluster/', `:${kind}/`)}/${name}`
}

const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:/

/** Returns whether the text is the ARN of a secret. A secret can also be given by name. */
export function isSecretArn(nameOrArn: string): boolean {
  return SECRET_ARN.test(nameOrArn)
}
