/** Permissions of Lambda to attach functions and pollers to the VPC. Pure. */

import { arnHere, arnOfAnyAccount } from '../place/arns.ts'
import type { Place } from '../place/place.ts'
import { allow, type Statement } from './statement.ts'

/** EC2 actions without resource-level permissions. */
const DESCRIBED = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets']
/**
 * Additional actions that an event source mapping of an MSK cluster needs:
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
 */
const DESCRIBED_BY_POLLERS = ['ec2:DescribeSecurityGroups', 'ec2:DescribeVpcs']
/** Actions on network interfaces: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
const MADE = ['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface']

/**
 * Returns the permissions for network interfaces. Only the Lambda service needs them, so they are denied to the function's code. A
 * request from the code is recognized by the function's ARN in its credentials
 * (https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html).
 *
 * @param lambdaName name of the Lambda function
 * @param isPolledFor true if an event source mapping of a cluster calls the function
 * @param network absent for functions outside a VPC
 */
export function buildNetworkStatements(
  lambdaName: string,
  isPolledFor: boolean,
  network: Place['vpc'],
): Statement[] {
  const described = [...DESCRIBED, ...(isPolledFor ? DESCRIBED_BY_POLLERS : [])]
  return [
    allow(described, ['*']),
    allow(MADE, [arnHere('ec2', '*/*')]),
    ...buildSharedStatements(network),
    {
      Effect: 'Deny',
      Action: [...described, ...MADE],
      Resource: ['*'],
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': arnHere('lambda', `function:${lambdaName}`) } },
    },
  ]
}

/**
 * Returns the statements for subnets and security groups that another account shares with this one. Their ARNs contain the other
 * account, which cannot be derived from their ids. A network interface in a shared subnet belongs to the account of the function.
 */
function buildSharedStatements(network: Place['vpc']): Statement[] {
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
