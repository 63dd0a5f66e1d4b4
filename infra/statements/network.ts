/** What Lambda may do in a function's name to attach it, and what polls for it, to the VPC. Pure. */
import { allow, arnHere, type Statement } from '../arn.ts'

/** EC2 knows no resource for what only describes. */
const DESCRIBED = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets']
/** Asked by an event source mapping of a cluster: https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html */
const DESCRIBED_BY_POLLERS = ['ec2:DescribeSecurityGroups', 'ec2:DescribeVpcs']
/** Lambda takes one interface or all for these: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
const MADE = ['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface']

/**
 * Lambda does this itself, so the code of the function is denied it: of the credentials of a role, only those that the code has
 * know the function (https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html).
 *
 * @param lambdaName of the Lambda function
 * @param isPolledFor whether an event source mapping of a cluster calls it
 */
export function networkStatements(lambdaName: string, isPolledFor: boolean): Statement[] {
  const described = [...DESCRIBED, ...(isPolledFor ? DESCRIBED_BY_POLLERS : [])]
  return [
    allow(described, ['*']),
    allow(MADE, [arnHere('ec2', '*/*')]),
    {
      Effect: 'Deny',
      Action: [...described, ...MADE],
      Resource: ['*'],
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': arnHere('lambda', `function:${lambdaName}`) } },
    },
  ]
}
