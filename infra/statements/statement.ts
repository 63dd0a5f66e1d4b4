/** Statements of policies. Pure. */

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
