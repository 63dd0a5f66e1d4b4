/**
 * Who may import whom. `npm test` holds it, and checks that the layers below were seen at work: a cruise that reads no
 * module passes every rule.
 */

/** From left to right: a layer imports itself and what stands left of it. */
const LAYERS = [
  '^lib/domain/',
  '^lib/cloudevents/',
  '^lib/pipeline/',
  '^lib/adapters/',
  '^lib/[^/]+\\.ts$',
  '^(functions|cli)/',
]

const PRODUCT = '^(lib|functions|cli)/'
/** The trigger is a plugin for any project, so it has a client of its own; tests look at the servers as foreign clients do. */
const OWN_CLIENTS = '^(localstack/msk-trigger|test|bench)/'

const onlyRightwards = LAYERS.slice(0, -1).map((layer, index) => ({
  name: `layers-${index + 1}`,
  comment: 'imports run from domain to functions and cli, never back',
  severity: 'error',
  from: { path: layer },
  to: { path: LAYERS.slice(index + 1).join('|') },
}))

/** A library that only one folder knows, so that it can be replaced there. */
const onlyIn = (folder, library) => ({
  name: `only-${folder.replaceAll('/', '-')}`,
  comment: `only ${folder} knows ${library}`,
  severity: 'error',
  from: { pathNot: `^${folder}/|${OWN_CLIENTS}` },
  to: { path: `node_modules/${library}` },
})

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...onlyRightwards,
    onlyIn('lib/adapters/kafka', 'kafkajs/'),
    onlyIn('lib/adapters/redis', 'ioredis/'),
    onlyIn('lib/adapters/aws', '@aws-sdk/'),
    {
      name: 'otlp-on-demand',
      comment:
        'who exports no spans loads nothing of it: it is imported where an endpoint is configured, and then',
      severity: 'error',
      from: { path: PRODUCT, pathNot: '^lib/adapters/otlp/' },
      to: { path: '^lib/adapters/otlp/', dynamic: false },
    },
    {
      name: 'known-layers',
      comment: 'a folder of lib/ that is none of the layers would be bound by none of these rules',
      severity: 'error',
      from: { path: '^lib/[^/]+/', pathNot: LAYERS },
      to: {},
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-domain',
      comment:
        'the domain computes: of Node it has hashes, of npm a parser, and nothing with which to reach outside',
      severity: 'error',
      from: { path: '^lib/domain/' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'unknown'],
        pathNot: '^(node:)?crypto$|node_modules/js-yaml/',
      },
    },
    {
      name: 'pure-steps',
      comment: 'events and steps reach outside through ports alone',
      severity: 'error',
      from: { path: '^lib/(cloudevents|pipeline)/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'unknown'], pathNot: '^(node:)?(crypto|buffer)$' },
    },
    {
      name: 'functions-apart',
      comment: 'each function is deployed by itself, and none needs the command line',
      severity: 'error',
      from: { path: '^functions/([^/]+)/' },
      to: { path: '^(functions|cli)/', pathNot: '^functions/$1/' },
    },
    {
      name: 'product-stands-alone',
      severity: 'error',
      from: { path: PRODUCT },
      to: { path: '^(test|bench|localstack|infra)/' },
    },
    {
      name: 'trigger-stands-alone',
      comment: 'any serverless-offline project can use it',
      severity: 'error',
      from: { path: '^localstack/msk-trigger/' },
      to: { dependencyTypes: ['local'], pathNot: '^(localstack/msk-trigger|packages)/' },
    },
    {
      name: 'packages-stand-alone',
      comment: 'each is shared by parts that must not import one another',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { dependencyTypes: ['local'], pathNot: '^packages/$1/' },
    },
    {
      name: 'count-stands-alone',
      comment: 'the ledger counts by code of its own: what it shared with the project, it could not check',
      severity: 'error',
      from: { path: '^test/ledger/(count|kafka)/' },
      to: {
        pathNot:
          '^test/ledger/(count|kafka)/|^(node:)?(crypto|events|net|util|buffer)$|node_modules/ioredis/',
      },
    },
    {
      name: 'deployed-dependencies',
      comment: 'what is deployed comes from dependencies, not from devDependencies',
      severity: 'error',
      from: { path: '^(lib|functions|packages)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
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
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
}
