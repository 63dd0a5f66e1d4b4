/**
 * Who may import whom. `npm test` holds it, and checks that the layers below were seen at work: a cruise that reads no
 * module passes every rule.
 */

/** Rooms of the data plane, from the lowest up: the decisions of functions. */
const FEATURES = [
  'schemas',
  'support',
  '(telemetry|windows)',
  '(activity|analytics|failures|history|mapping)',
  'intake',
  'views',
  'alerting',
  '(notification|storage)',
]
/** Rooms above them: reading the log; names, settings and connections; the work of schedules and deployments. */
const ASSEMBLY = ['log', 'app', '(clock|redriver|topics)', 'deployment']

/** Rooms of the control plane, from the lowest up: the questions and operations of people. Functions do not need them. */
const CONTROL = [
  '(environment|tables)',
  'queries',
  '(diagnosis|recordings)',
  '(drafts|questions|trials)',
  '(sql|statements)',
  'table-builds',
  'operations',
]

const toRooms = (folder, rooms) => rooms.map(room => `^${folder}/${room}/`)

/** From left to right: a layer imports itself and what stands left of it. */
const LAYERS = [
  '^packages/runtime/consumer/',
  '^packages/runtime/cloudevents/',
  '^packages/runtime/pipeline/',
  '^packages/runtime/(waiting|adapters|testing)/',
  '^packages/runtime/settings/',
  '^packages/runtime/(lambda/|producer/|sdk/|index[.]ts$)',
  // Doors for the application. `package.json` names them under `imports`.
  '^packages/runtime/(functions|operating)/',
  ...toRooms('lib', [...FEATURES, ...ASSEMBLY]),
  ...toRooms('control', CONTROL),
  '^scripts/',
  '^console/',
  '^(functions|cli)/',
]

/** Pure code. The exceptions are listed beside it: rooms that assemble, adapters, one file that compiles patterns of users, and one that reads a grammar. */
const PURE = '^packages/runtime/consumer/|^lib/[^/]+/|^control/(tables|diagnosis/(checks|stalls))/'
const NOT_PURE =
  '^lib/(log|app|topics|deployment)/|^lib/[^/]+/(adapters/|linear-pattern[.]|language/parser[.])'

const PRODUCT = '^(lib|control|packages/runtime|functions|scripts|console|cli)/'
/** The trigger is a plugin for any project, so it has a client of its own; tests look at the servers as foreign clients do. */
const OWN_CLIENTS = '^(packages/(msk-trigger|test-kit|[^/]+/test)|test|bench)/'

/** Tests and builds of packages, which are not published. */
const UNPUBLISHED = '^packages/(test-kit/|packaging/|[^/]+/(test/|testing/|packaging/|build[.]ts$))'
/** Tests, and measurements. */
const TESTS = '^(test|bench)/|^packages/(test-kit|[^/]+/test)/'
/** What is published of a package, or included, may import these others. */
const USED = {
  'kafka-records': [],
  'schema-registry': [],
  'local-servers': ['kafka-records'],
  'create-sluice': ['local-servers'],
  'msk-trigger': ['kafka-records', 'schema-registry'],
}

/** Packages that functions, the console and the published packages may use. All others run on this machine alone. */
const DEPLOYED =
  '@aws-lambda-powertools|@aws-sdk|@hono/node-server|@middy/core|@opentelemetry/api|@picocss/pico|' +
  '@platformatic/wasm-utils|ajv|avsc|aws-msk-iam-sasl-signer-js|cloudevents|hono|hyparquet|' +
  'hyparquet-writer|hysnappy|ioredis|js-yaml|kafkajs|kysely|pg|preact|preact-iso|prom-client|protobufjs|' +
  're2js|uplot|valibot'

/** Returns rules by which each step of a list imports itself and what stands before it. @param steps expressions for paths, from the lowest up */
const stair = (name, comment, steps) =>
  steps.slice(0, -1).map((step, index) => ({
    name: `${name}-${index + 1}`,
    comment,
    severity: 'error',
    from: { path: step },
    to: { path: steps.slice(index + 1).join('|') },
  }))

/** Returns a stair of a folder's rooms, with the files that lie beside them as its last step. */
const roomStair = (folder, rooms) =>
  stair(
    folder.split('/').at(-1),
    `imports of ${folder} run from its top level down to ${rooms[0]}, never back`,
    [...rooms.map(room => `^${folder}/${room}/`), `^${folder}/([^/]+$|test/)`],
  )

/** Returns a rule by which a folder has only steps of a stair, since the stair would not bind any other. */
const onlySteps = (name, folder, steps) => ({
  name: `${name}-known`,
  comment: `what lies in ${folder} and is not on its list would be bound by none of its rules`,
  severity: 'error',
  from: { path: `^${folder}`, pathNot: steps },
  to: {},
})

/** The console's rooms, from the lowest up. Its files beside them are of any height: rooms know the environment. */
const CONSOLE_STAIR = ['http', 'access', 'api', 'page', 'ksql'].map(room => `^console/${room}/`)

/** The trigger's rooms, from the lowest up: each imports itself and what stands before it. Its top level imports them all. */
const TRIGGER_ROOMS = [
  'support',
  'config',
  'access',
  'report',
  'faults',
  'package',
  'invoke',
  'registry',
  'poll',
  'deliver',
]

/** The rooms of infra, likewise: a place, then what follows from it and from the functions, then the plugins that deploy it. */
const INFRA_ROOMS = [
  'place',
  'statements',
  'roles',
  'functions',
  'alarms',
  'packaging',
  'stack',
  'checks',
  'plugins',
  'pages',
]

/** Rooms of the command line that its commands share. Every other folder of cli/ belongs to the commands that it is named after. */
const CLI_ROOMS = '(options|output|recomputation|servers)'

/** The pipeline's rooms and files, from the lowest up: each imports itself and what stands before it. */
const PIPELINE_STAIR = [
  'errors[.]ts',
  'invariants[.]ts',
  'model/',
  'ports[.]ts',
  'consumer[.]ts',
  'outbox/',
  'decoding/',
  'failures/',
  'log/',
  'invocation[.]ts',
  'loading/',
  'deciding/',
  'delivering/',
  'segments[.]ts',
  'commit[.]ts',
  'publish[.]ts',
  'replacing/',
  'batch/',
  'steps[.]ts',
  'foreign-log[.]ts',
  'partition[.]ts',
  '(consume|replay|check-definition)[.]ts',
  'forwarding/',
  'reprocessing/',
  'verifying/',
  'index[.]ts',
].map(step => `^packages/runtime/pipeline/${step}`)

/** A library that only one folder knows, so that it can be replaced there. */
const allowOnlyIn = (folder, library) => ({
  name: `only-${folder.replaceAll('/', '-')}`,
  comment: `only ${folder} knows ${library}`,
  severity: 'error',
  from: { pathNot: `^${folder}/|${OWN_CLIENTS}` },
  to: { path: `node_modules/${library}` },
})

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...stair(
      'layers',
      'imports run from the engine over the features to console, functions and cli, never back',
      LAYERS,
    ),
    {
      name: 'questions-without-faces',
      comment: 'terminal, HTTP and page follow from a question, which knows none of them',
      severity: 'error',
      from: { path: '^control/questions/' },
      to: { path: 'node_modules/(commander|hono|preact|peggy|@duckdb)/' },
    },
    allowOnlyIn('packages/(runtime/adapters/kafka|kafka-records|local-servers)', 'kafkajs/'),
    allowOnlyIn('packages/runtime/adapters/redis', 'ioredis/'),
    allowOnlyIn('(packages/runtime/sdk|lib/telemetry/simulator)', 'cloudevents/'),
    allowOnlyIn(
      '(lib/(failures|history|notification)/adapters|lib/deployment|control/(environment|sql)|localstack/aws|infra|packages/runtime/adapters/aws)',
      '@aws-sdk/',
    ),
    allowOnlyIn('control/sql', '@duckdb/'),
    {
      name: 'duckdb-on-demand',
      comment: 'one command needs its 70 MB: everything else runs where there is no binary of it',
      severity: 'error',
      from: { path: PRODUCT },
      to: { path: 'node_modules/@duckdb/', dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'spans-on-demand',
      comment: 'who reports no spans loads nothing of it: it is imported where a provider is, and then',
      severity: 'error',
      from: { path: PRODUCT },
      to: {
        path: '^packages/runtime/adapters/opentelemetry/|^node_modules/@opentelemetry/',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'pipeline-without-settings',
      comment:
        'what is assembled is given its configuration: settings are declared and checked in one folder of the engine',
      severity: 'error',
      from: { path: '^packages/runtime/', pathNot: '^packages/runtime/(settings|test)/' },
      to: { path: 'node_modules/valibot/' },
    },
    {
      name: 'features-without-assembly',
      comment:
        'features are assembled: they know the shapes of a consumer, and neither settings nor handlers',
      severity: 'error',
      from: { path: `^(lib/(${[...FEATURES, 'log'].join('|')})|control/(tables|queries))/` },
      to: { path: '^packages/runtime/(settings|lambda|functions|testing)/' },
    },
    onlySteps('control', 'control/[^/]+/', toRooms('control', CONTROL)),
    {
      name: 'own-rooms',
      comment:
        'a room of lib that is not on the list, such as that of a new consumer, is a feature: it imports features',
      severity: 'error',
      from: { path: '^lib/[^/]+/', pathNot: toRooms('lib', [...FEATURES, ...ASSEMBLY]) },
      to: { path: `^lib/(${ASSEMBLY.join('|')})/|^packages/runtime/(settings|lambda|functions|testing)/` },
    },
    {
      name: 'data-plane-alone',
      comment: 'what functions decide knows nothing of what people ask and change',
      severity: 'error',
      from: { path: '^(lib|functions)/' },
      to: { path: '^control/' },
    },
    {
      name: 'rooms-by-their-doors',
      comment:
        'a door says whom it serves: functions and tests, which a bundle or a case binds to single files, need none',
      severity: 'error',
      from: { path: '^(control|cli|console|infra|localstack)/' },
      to: {
        path: '^lib/(telemetry|alerting|views|history)/',
        pathNot: '/(index|evaluation|generation|compilation|language/parser)[.]ts$',
      },
    },
    {
      name: 'engine-by-its-doors',
      comment:
        'others reach the engine by the names that package.json lists, each an index.ts: a relative path would pass them by',
      severity: 'error',
      from: { pathNot: '^packages/' },
      to: { path: '^packages/runtime/', dependencyTypesNot: ['aliased-subpath-import'] },
    },
    {
      name: 'engine-stands-alone',
      comment:
        'the engine knows no topic, event type, family, rule or schema of this application: it is told of them',
      severity: 'error',
      from: { path: '^packages/runtime/', pathNot: UNPUBLISHED },
      to: {
        dependencyTypes: ['local'],
        pathNot: '^packages/(runtime/(?!test/)|kafka-records/|schema-registry/)',
      },
    },
    {
      name: 'packages-by-their-names',
      comment:
        'a relative path out of a package ends where somebody carries the package away. Two publish others in their own bundle, or start them',
      severity: 'error',
      from: {
        path: '^packages/([^/]+)/',
        pathNot: '^packages/(create-sluice/|test-kit/local-servers[.]ts$)',
      },
      to: { dependencyTypes: ['local'], pathNot: '^packages/$1/' },
    },
    {
      name: 'engine-without-trigger',
      comment: 'each of the two is carried away without the other',
      severity: 'error',
      from: { path: '^packages/(?!msk-trigger/|create-sluice/)' },
      to: { path: '^packages/msk-trigger/' },
    },
    {
      name: 'kit-for-tests',
      comment: 'what tests share starts servers and looks at what others write: nothing that runs needs it',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: '^packages/test-kit/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-features',
      comment:
        'processes and features compute: of Node they have hashes and compression, of npm parsers and writers of formats, and nothing with which to reach outside',
      severity: 'error',
      from: { path: PURE, pathNot: NOT_PURE },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'unknown'],
        pathNot: '^(node:)?(crypto|zlib)$|node_modules/(js-yaml|hyparquet|hyparquet-writer|cloudevents)/',
      },
    },
    {
      name: 'pure-steps',
      comment: 'events and steps reach outside through ports alone',
      severity: 'error',
      from: { path: '^packages/runtime/(cloudevents|pipeline)/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'unknown'], pathNot: '^(node:)?(crypto|buffer)$' },
    },
    {
      name: 'functions-apart',
      comment: 'each function is deployed by itself, and none needs the command line',
      severity: 'error',
      from: { path: '^functions/([^/]+)/' },
      to: { path: '^(functions|scripts|cli)/', pathNot: '^functions/$1/' },
    },
    {
      name: 'functions-through-app',
      comment:
        'lib/app and lib/deployment make the handlers: functions/package.json hides the name by which others reach the engine',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^packages/' },
    },
    {
      name: 'commands-apart',
      comment:
        'each command is read by itself: what several need lies in a room beside them, which knows none of them',
      severity: 'error',
      from: { path: '^cli/([^/]+)/' },
      to: { path: '^cli/[^/]+/', pathNot: `^cli/($1|${CLI_ROOMS})/` },
    },
    {
      name: 'product-stands-alone',
      severity: 'error',
      from: { path: PRODUCT, pathNot: UNPUBLISHED },
      to: { path: '^(test|bench|localstack|packages/(msk-trigger|test-kit|[^/]+/test))/' },
    },
    {
      name: 'bundles-without-infra',
      comment: 'what is deployed knows nothing of how',
      severity: 'error',
      from: { path: '^(lib|control|functions|console)/' },
      to: { path: '^infra/' },
    },
    {
      name: 'infra-on-app',
      comment:
        'the template follows from the application alone: what builds, runs or shows it imports infra, never the other way',
      severity: 'error',
      from: { path: '^infra/' },
      to: {
        dependencyTypes: ['local'],
        pathNot: '^(infra|lib|control|packages|scripts)/|^console/page-files[.]ts$',
      },
    },
    {
      name: 'page-stands-alone',
      comment:
        'it runs in a browser: of the server it knows the shapes of answers, the table of event types, how durations, sizes, ranges, numbers and bytes are written, groups named and texts compared, why alerts end, how a topic is distributed, which columns a thing has, the offsets of time zones, and nothing that runs',
      severity: 'error',
      from: { path: '^console/page/' },
      to: {
        pathNot:
          '^console/page/|^lib/(schemas/event-types|support/(balance|content|count|duration|group-text|ranges-text|short-number|size-text|text-match|time-zones))[.]ts$|^control/(questions/column|diagnosis/waiting|tables/alert-end)[.]ts$|node_modules/(preact|preact-iso|uplot|@picocss)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'event-types-alone',
      comment: 'functions, the page and the schemas load the table of event types: it is data',
      severity: 'error',
      from: { path: '^lib/schemas/event-types[.]ts$' },
      to: {},
    },
    {
      name: 'server-without-page',
      comment: 'the page is built, never imported',
      severity: 'error',
      from: { pathNot: '^(console/page|test)/' },
      to: { path: '^console/page/' },
    },
    {
      name: 'localstack-without-cli',
      comment: 'what both need is in control/questions or control/queries, or it belongs to scripts/',
      severity: 'error',
      from: { path: '^(localstack|scripts)/' },
      to: { path: '^cli/' },
    },
    ...Object.entries(USED).map(([name, used]) => ({
      name: `${name}-stands-alone`,
      comment: 'each package is shared by parts that must not import one another',
      severity: 'error',
      from: { path: `^packages/${name}/`, pathNot: UNPUBLISHED },
      to: {
        dependencyTypes: ['local'],
        pathNot: `^packages/(${[name, ...used].join('|')})/(?!test/|testing/|packaging/)`,
      },
    })),
    ...roomStair('packages/msk-trigger', TRIGGER_ROOMS),
    ...roomStair('infra', INFRA_ROOMS),
    onlySteps('infra', 'infra/[^/]+/', `^infra/(${INFRA_ROOMS.join('|')})/`),
    ...stair(
      'console',
      'imports of the console run from its page down to its caches, never back',
      CONSOLE_STAIR,
    ),
    ...stair(
      'pipeline',
      'imports of the pipeline run from its entries down to its data, never back',
      PIPELINE_STAIR,
    ),
    onlySteps('pipeline', 'packages/runtime/pipeline/', PIPELINE_STAIR),
    {
      name: 'count-stands-alone',
      comment: 'the ledger counts by code of its own: what it shared with the project, it could not check',
      severity: 'error',
      from: { path: '^test/ledger/(count|kafka)/' },
      to: {
        pathNot:
          '^test/ledger/(count|kafka)/|^packages/test-kit/lz4[.]ts$|^(node:)?(crypto|events|net|util|buffer|zlib)$|node_modules/ioredis/',
      },
    },
    {
      name: 'deployed-dependencies',
      comment:
        'what is deployed uses the packages of a list. Two rooms and a parser run where npm has installed all: they read CSV ' +
        'files, ask DuckDB, and compile a grammar; the trigger runs in serverless-offline',
      severity: 'error',
      from: {
        path: '^(lib|control|functions|packages|console)/',
        pathNot: `^lib/views/language/parser[.]|^control/(sql/|recordings/import/)|^packages/msk-trigger/invoke/runtimes/framework|${UNPUBLISHED}`,
      },
      to: {
        path: 'node_modules/',
        pathNot: `^node_modules/(${DEPLOYED})/`,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      // Types alone: the package of this name is something else, and @types/aws-lambda has no code.
      to: { couldNotResolve: true, pathNot: '^aws-lambda$|^serverless-offline/lambda$' },
    },
  ],
  options: {
    // TypeScript 7 has no JavaScript API, without which dependency-cruiser cannot read .ts files itself.
    parser: 'swc',
    // Imports of types count: they tie modules together as well.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
}
