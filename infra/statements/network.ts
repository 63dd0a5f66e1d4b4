/** Permissions of Lambda to attach a function, and its pollers, to the VPC. Pure. */
import { allow, arnHere, arnOfAnyAccount, type Statement } from '../arn.ts'

/** EC2 knows no resource for what only describes. */
const DESCRIBED = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets']
/** Asked by an event source mapping of a cluster: https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html */
const DESCRIBED_BY_POLLERS = ['ec2:DescribeSecurityGroups', 'ec2:DescribeVpcs']
/** Lambda takes one interface or all for these: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
const MADE = ['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface']

/** Where the functions are. */
export interface Network {
  readonly subnetIds: readonly string[]
  readonly securityGroupIds: readonly string[]
}

/**
 * Lambda does this itself, so the code of the function is denied it: of the credentials of a role, only those that the code has
 * know the function (https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html).
 *
 * @param lambdaName of the Lambda function
 * @param isPolledFor whether an event source mapping of a cluster calls it
 * @param network absent where functions run in none
 */
export function networkStatements(
  lambdaName: string,
  isPolledFor: boolean,
  network: Network | undefined,
): Statement[] {
  const described = [...DESCRIBED, ...(isPolledFor ? DESCRIBED_BY_POLLERS : [])]
  return [
    allow(described, ['*']),
    allow(MADE, [arnHere('ec2', '*/*')]),
    ...sharedStatements(network),
    {
      Effect: 'Deny',
      Action: [...described, ...MADE],
      Resource: ['*'],
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': arnHere('lambda', `function:${lambdaName}`) } },
    },
  ]
}

/**
 * Returns the statements for shared subnets and security groups. They have the ARN of the account that shares them, which their
 * ids do not contain. An interface in one belongs to the account of the function.
 */
function sharedStatements(network: Network | undefined): Statement[] {
  const ids = [
    ...(network?.subnetIds ?? []).map(id => `subnet/${id}`),
    ...(network?.securityGroupIds ?? []).map(id => `security-group/${id}`),
  ]
  if (ids.length === 0) return []
  return [
    allow(
      ['ec2:CreateNetworkInterface'],
      ids.map(id => arnOfAnyAccount('ec2', id)),
    ),
  ]
}
