/** The role of each function: what it does with topics, servers and secrets, and no more. Pure. */

/** What a function needs, as the table in `deployment.cjs` says. */
export interface Needs {
  readonly reads?: string
  readonly writes: readonly string[]
  readonly parameters?: readonly string[]
  readonly redis?: boolean
}

interface Deployed {
  readonly env: string
  readonly stage: string
  /** ARN of the cluster. */
  readonly cluster: string
  /** Names by signal, and by function. */
  readonly topics: Readonly<Record<string, string>>
  readonly groups: Readonly<Record<string, string>>
}

interface Statement {
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: readonly unknown[]
}

/** The resources of CloudFormation, by their logical ids. */
export function roles(
  functions: Readonly<Record<string, Needs>>,
  deployed: Deployed,
): Record<string, object> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, needs]) => [roleId(name), role(name, needs, deployed)]),
  )
}

function roleId(name: string): string {
  const words = name.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1))
  return `${words.join('')}Role`
}

function role(name: string, needs: Needs, deployed: Deployed): object {
  const { env, stage } = deployed
  const parameters = (needs.parameters ?? []).map(parameter =>
    arnHere('ssm', `parameter/sluice/${env}/${parameter}`),
  )
  const secrets = needs.redis ? [arnHere('secretsmanager', `secret:sluice/${env}/redis-*`)] : []
  const statements = [
    allow(
      ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      [arnHere('logs', `log-group:/aws/lambda/sluice-${stage}-${name}:*`)],
    ),
    allow(NETWORK_ACTIONS, ['*']),
    ...clusterStatements(needs, deployed),
    ...topicStatements(name, needs, deployed),
    ...parameters.map(parameter => allow(['ssm:GetParameter'], [parameter])),
    ...secrets.map(secret => allow(['secretsmanager:GetSecretValue'], [secret])),
  ]
  const trusted = {
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  }
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: policy([trusted]),
      Policies: [{ PolicyName: name, PolicyDocument: policy(statements) }],
    },
  }
}

/** Lambda attaches the function, and what polls for it, to the VPC with these; EC2 knows no narrower resource for them. */
const NETWORK_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeVpcs',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeSubnets',
  'ec2:DescribeSecurityGroups',
]

/** The code asks where the brokers are; an event source mapping asks what cluster it is, and how it is configured. */
function clusterStatements({ reads }: Needs, { cluster }: Deployed): Statement[] {
  const [describe, configuration] = reads
    ? [['kafka:DescribeClusterV2'], ['kafka-cluster:DescribeClusterDynamicConfiguration']]
    : [[], []]
  return [
    allow(['kafka:GetBootstrapBrokers', ...describe], [cluster]),
    allow(['kafka-cluster:Connect', ...configuration], [cluster]),
  ]
}

/** `arn:…:cluster/<name>/<uuid>` names topics and groups as `arn:…:topic/<name>/<uuid>/<topic>`. */
function topicStatements(
  name: string,
  { reads, writes }: Needs,
  { cluster, topics, groups }: Deployed,
): Statement[] {
  const topic = (signal: string) => `${cluster.replace(':cluster/', ':topic/')}/${topics[signal]}`
  const group = `${cluster.replace(':cluster/', ':group/')}/${groups[name]}`
  const reading = reads && [
    allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], [topic(reads)]),
    allow(['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'], [group]),
  ]
  return [
    ...(reading || []),
    allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], writes.map(topic)),
  ]
}

function policy(statements: readonly object[]): object {
  return { Version: '2012-10-17', Statement: statements }
}

function allow(actions: readonly string[], resources: readonly unknown[]): Statement {
  return { Effect: 'Allow', Action: actions, Resource: resources }
}

/** The ARN of something in the account and region of the stack: CloudFormation fills those in. */
function arnHere(service: string, resource: string): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
  const [partition, region, id] = ['${AWS::Partition}', '${AWS::Region}', '${AWS::AccountId}']
  return { 'Fn::Sub': ['arn', partition, service, region, id, resource].join(':') }
}
