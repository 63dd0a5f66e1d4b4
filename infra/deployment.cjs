/**
 * What serverless.yml needs to know of the place it is deployed to, and the role of each function. The topic table in
 * `lib/domain/topics.ts` says which topics there are; here stands which function may do what with them.
 */
const { SIGNALS, topicName } = require('../lib/domain/topics.ts')

/** What each function reads and writes: its permissions are these and no more. */
const FUNCTIONS = {
  generator: { writes: ['readings'], parameters: ['generator'], redis: true },
  clock: { writes: ['readings'] },
  processor: { reads: 'readings', writes: ['analytics', 'failures'], redis: true },
  alerting: { reads: 'readings', writes: ['alerts', 'failures'], redis: true },
  'dlq-router': { reads: 'failures', writes: ['dlq'], redis: true },
}

module.exports = async ({ resolveVariable }) => {
  const stage = await resolveVariable('sls:stage')
  const place = stage === 'local' ? thisMachine(process.env) : account(stage, process.env)
  const topics = Object.fromEntries(SIGNALS.map(signal => [signal, topicName(signal, stage)]))
  return {
    topics,
    ...place,
    environment: {
      SLUICE_ENV: stage,
      REDIS_SECRET: `sluice/${stage}/redis`,
      GENERATOR_PARAMETER: `/sluice/${stage}/generator`,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'INFO',
      ...place.environment,
    },
    roles: {
      Resources: Object.fromEntries(
        Object.entries(FUNCTIONS).map(([name, needs]) => [
          roleId(name),
          role(name, needs, { stage, topics, cluster: place.clusterArn }),
        ]),
      ),
    },
  }
}

/** The local cloud: servers on loopback, by the variables that `npm start` knows, and credentials that mean nothing. */
function thisMachine(env) {
  const loopback = (port, otherwise) => `127.0.0.1:${env[port] ?? otherwise}`
  const brokers = env.KAFKA_BROKERS ?? loopback('KAFKA_PORT', 9092)
  return {
    clusterArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/sluice/00000000-0000-0000-0000-000000000000-1',
    brokers,
    environment: {
      KAFKA_BROKERS: brokers,
      REDIS_URL: env.REDIS_URL ?? `redis://${loopback('REDIS_PORT', 6379)}`,
      AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL ?? `http://${loopback('AWS_PORT', 4566)}`,
      AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID ?? 'test',
      AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY ?? 'test',
    },
  }
}

/** An account: the functions run beside the brokers and the cache, which have no public address. */
function account(stage, env) {
  const names = ['MSK_CLUSTER_ARN', 'REDIS_URL', 'SUBNET_IDS', 'SECURITY_GROUP_IDS']
  const missing = names.filter(name => !env[name])
  if (missing.length > 0) throw new Error(`to deploy stage "${stage}", set ${missing.join(', ')}: see docs/deployment.md`)
  const list = name => env[name].split(',').map(id => id.trim())
  return {
    clusterArn: env.MSK_CLUSTER_ARN,
    brokers: '',
    vpc: { subnetIds: list('SUBNET_IDS'), securityGroupIds: list('SECURITY_GROUP_IDS') },
    environment: { MSK_CLUSTER_ARN: env.MSK_CLUSTER_ARN, REDIS_URL: env.REDIS_URL },
  }
}

function roleId(name) {
  const words = name.split('-').map(word => word[0].toUpperCase() + word.slice(1))
  return `${words.join('')}Role`
}

function role(name, needs, place) {
  const logs = sub('arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/sluice-' + `${place.stage}-${name}:*`)
  const statements = [
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logs]),
    // Lambda attaches the function to the VPC with these; EC2 knows no narrower resource for them.
    allow(['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeVpcs', 'ec2:DescribeSubnets', 'ec2:DescribeSecurityGroups', 'ec2:DeleteNetworkInterface'], ['*']),
    allow(['kafka:GetBootstrapBrokers', 'kafka:DescribeCluster', 'kafka:DescribeClusterV2'], [place.cluster]),
    allow(['kafka-cluster:Connect'], [place.cluster]),
    ...topicStatements(name, needs, place),
    ...(needs.parameters ?? []).map(parameter =>
      allow(['ssm:GetParameter'], [sub('arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/sluice/' + `${place.stage}/${parameter}`)]),
    ),
    ...(needs.redis ? [allow(['secretsmanager:GetSecretValue'], [sub('arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:sluice/' + `${place.stage}/redis-*`)])] : []),
  ]
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      Policies: [{ PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  }
}

/** `arn:…:cluster/<name>/<uuid>` names topics and groups as `arn:…:topic/<name>/<uuid>/<topic>`. */
function topicStatements(name, { reads, writes }, { cluster, topics, stage }) {
  const topic = signal => `${cluster.replace(':cluster/', ':topic/')}/${topics[signal]}`
  const group = `${cluster.replace(':cluster/', ':group/')}/sluice-${name}-${stage}`
  const reading = reads && [
    allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], [topic(reads)]),
    allow(['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'], [group]),
  ]
  return [
    ...(reading ?? []),
    allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], writes.map(topic)),
  ]
}

function allow(actions, resources) {
  return { Effect: 'Allow', Action: actions, Resource: resources }
}

function sub(template) {
  return { 'Fn::Sub': template }
}
