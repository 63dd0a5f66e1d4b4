/**
 * What serverless.yml needs to know of the place it is deployed to, and the role of each function. The topic table in
 * `lib/domain/topics.ts` says which topics there are; here stands which function may do what with them.
 */
const { resolve } = require('node:path')
const { groupName, SIGNALS, topicName } = require('../lib/domain/topics.ts')

/** What each function reads and writes: its permissions are these and no more. */
const FUNCTIONS = {
  generator: { writes: ['readings'], parameters: ['generator'], redis: true },
  clock: { writes: ['readings'] },
  processor: { reads: 'readings', writes: ['analytics', 'failures'], redis: true },
  alerting: { reads: 'readings', writes: ['alerts', 'failures'], redis: true },
  activity: { reads: 'readings', writes: ['events', 'failures'], redis: true },
  'dlq-router': { reads: 'failures', writes: ['dlq'], redis: true },
}

module.exports = async ({ resolveVariable }) => {
  const stage = await resolveVariable('sls:stage')
  const place = stage === 'local' ? thisMachine(process.env) : account(stage, process.env)
  const { env } = place
  const topics = Object.fromEntries(SIGNALS.map(signal => [signal, topicName(signal, env)]))
  const groups = Object.fromEntries(Object.keys(FUNCTIONS).map(name => [name, groupName(name, env)]))
  return {
    topics: table('SIGNALS of lib/domain/topics.ts', topics),
    groups: table('FUNCTIONS of infra/deployment.cjs', groups),
    buildDir: buildDir(process.env, process.argv),
    ...place,
    environment: {
      SLUICE_ENV: env,
      REDIS_SECRET: `sluice/${env}/redis`,
      GENERATOR_PARAMETER: `/sluice/${env}/generator`,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'INFO',
      ...given(process.env),
      ...place.environment,
    },
    roles: {
      Resources: Object.fromEntries(
        Object.entries(FUNCTIONS).map(([name, needs]) => [
          roleId(name),
          role(name, needs, { env, stage, topics, groups, cluster: place.clusterArn }),
        ]),
      ),
    },
  }
}

/** Instead of "value not found" somewhere in serverless.yml, it says where the name is missing. */
function table(where, entries) {
  const get = (target, name) => {
    // What resolves variables looks for `then` in everything.
    if (name in target || typeof name === 'symbol' || name === 'then') return target[name]
    // A text: of an Error, the whole stack would be printed.
    throw `there is no "${name}" in ${where}`
  }
  return new Proxy(entries, { get })
}

/**
 * Where the bundles are made. Every command empties its folder at the end, so what goes on running needs one of its own:
 * `serverless package` or `invoke local` beside it must not take its functions away.
 */
function buildDir(env, args) {
  if (env.SLUICE_BUILD_DIR) return env.SLUICE_BUILD_DIR
  return args.includes('offline') ? `.local/offline-${env.LAMBDA_PORT || 3002}` : '.esbuild'
}

/** Settings of the functions that are handed on where they are set; `lib/config.ts` has their defaults. */
const HANDED_ON = [
  'KAFKA_AUTH',
  'KAFKA_ISOLATION',
  'REDIS_MODE',
  'CONTENT_MODE',
  'ID_WINDOW_SECONDS',
  'FUTURE_TOLERANCE_SECONDS',
  'SLUICE_SINCE',
  'LOG_TIME',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_SERVICE_NAME',
]

function given(env) {
  return Object.fromEntries(HANDED_ON.filter(name => env[name]).map(name => [name, env[name]]))
}

/**
 * The local cloud: servers on loopback, by the variables that `npm start` knows, and credentials that mean nothing. With
 * SLUICE_ENV several environments share its servers, each with topics, groups and resources of its own; with
 * SLUICE_SCHEDULES=off nothing is published but what somebody replays.
 */
function thisMachine(env) {
  const loopback = (port, otherwise) => `127.0.0.1:${env[port] || otherwise}`
  const brokers = env.KAFKA_BROKERS || loopback('KAFKA_PORT', 9092)
  return {
    env: env.SLUICE_ENV || 'local',
    clusterArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/sluice/00000000-0000-0000-0000-000000000000-1',
    brokers,
    // Absolute: `serverless invoke local` runs in the folder of the bundles.
    rulesDir: resolve(__dirname, '..', env.RULES_DIR || 'rules'),
    schedules: env.SLUICE_SCHEDULES !== 'off',
    environment: {
      KAFKA_BROKERS: brokers,
      REDIS_URL: env.REDIS_URL || `redis://${loopback('REDIS_PORT', 6379)}`,
      AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL || `http://${loopback('AWS_PORT', 4566)}`,
      AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID || 'test',
      AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY || 'test',
    },
  }
}

/** An account: the functions run beside the brokers and the cache, which have no public address. */
function account(stage, env) {
  const names = ['MSK_CLUSTER_ARN', 'REDIS_URL', 'SUBNET_IDS', 'SECURITY_GROUP_IDS']
  const missing = names.filter(name => !env[name])
  if (missing.length > 0)
    throw new Error(`to deploy stage "${stage}", set ${missing.join(', ')}: see docs/deployment.md`)
  const list = name => env[name].split(',').map(id => id.trim())
  return {
    env: stage,
    clusterArn: env.MSK_CLUSTER_ARN,
    brokers: '',
    // As `package.patterns` packs them.
    rulesDir: 'rules',
    schedules: true,
    vpc: { subnetIds: list('SUBNET_IDS'), securityGroupIds: list('SECURITY_GROUP_IDS') },
    environment: { MSK_CLUSTER_ARN: env.MSK_CLUSTER_ARN, REDIS_URL: env.REDIS_URL },
  }
}

function roleId(name) {
  const words = name.split('-').map(word => word[0].toUpperCase() + word.slice(1))
  return `${words.join('')}Role`
}

function role(name, needs, place) {
  const { env, stage, cluster } = place
  const parameters = (needs.parameters ?? []).map(parameter =>
    arnHere('ssm', `parameter/sluice/${env}/${parameter}`),
  )
  const secrets = needs.redis ? [arnHere('secretsmanager', `secret:sluice/${env}/redis-*`)] : []
  const statements = [
    allow(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [arnHere('logs', `log-group:/aws/lambda/sluice-${stage}-${name}:*`)],
    ),
    allow(NETWORK_ACTIONS, ['*']),
    allow(['kafka:GetBootstrapBrokers', 'kafka:DescribeCluster', 'kafka:DescribeClusterV2'], [cluster]),
    allow(['kafka-cluster:Connect'], [cluster]),
    ...topicStatements(name, needs, place),
    ...parameters.map(parameter => allow(['ssm:GetParameter'], [parameter])),
    ...secrets.map(secret => allow(['secretsmanager:GetSecretValue'], [secret])),
  ]
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: policy([
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ]),
      Policies: [{ PolicyName: name, PolicyDocument: policy(statements) }],
    },
  }
}

/** Lambda attaches the function to the VPC with these; EC2 knows no narrower resource for them. */
const NETWORK_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeVpcs',
  'ec2:DescribeSubnets',
  'ec2:DescribeSecurityGroups',
  'ec2:DeleteNetworkInterface',
]

/** `arn:…:cluster/<name>/<uuid>` names topics and groups as `arn:…:topic/<name>/<uuid>/<topic>`. */
function topicStatements(name, { reads, writes }, { cluster, topics, groups }) {
  const topic = signal => `${cluster.replace(':cluster/', ':topic/')}/${topics[signal]}`
  const group = `${cluster.replace(':cluster/', ':group/')}/${groups[name]}`
  const reading = reads && [
    allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], [topic(reads)]),
    allow(['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'], [group]),
  ]
  return [
    ...(reading ?? []),
    allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], writes.map(topic)),
  ]
}

function policy(statements) {
  return { Version: '2012-10-17', Statement: statements }
}

function allow(actions, resources) {
  return { Effect: 'Allow', Action: actions, Resource: resources }
}

/** The ARN of something in the account and region of the stack: CloudFormation fills those in. */
function arnHere(service, resource) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
  const [partition, region, id] = ['${AWS::Partition}', '${AWS::Region}', '${AWS::AccountId}']
  return { 'Fn::Sub': ['arn', partition, service, region, id, resource].join(':') }
}
