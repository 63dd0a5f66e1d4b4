/** StrykerJS: `npm run mutate`, or with `-- --mutate 'lib/alerting/**\/*.ts'` a part of these. */

// Fewer schedules than `npm test` plays: a mutant that none of them shows costs all of them.
process.env.SEEDS ??= '40'

export default {
  mutate: [
    'packages/runtime/pipeline/{model,outbox,deciding,delivering,failures}/**/*.ts',
    'lib/{alerting,failures,intake,mapping,notification,storage,telemetry}/**/*.ts',
    'packages/msk-trigger/deliver/**/*.ts',
    // Integration tests decide about adapters, and the simulator only makes data up.
    '!lib/{intake,mapping,notification,storage,telemetry}/adapters/**/*.ts',
    '!lib/telemetry/simulator/**/*.ts',
  ],
  testRunner: 'tap',
  tap: {
    testFiles: [
      'packages/runtime/test/unit/{pipeline,consumer}/**/*.test.ts',
      'test/unit/{runtime/{pipeline,consumer},alerting,failures}/**/*.test.ts',
      'test/unit/{intake,mapping,notification,storage,telemetry}/**/*.test.ts',
      'test/unit/cli/key-by.test.ts',
      'packages/msk-trigger/test/unit/**/*.test.ts',
    ],
    nodeArgs: ['--test-reporter=tap'],
    forceBail: true,
  },
  plugins: ['@stryker-mutator/tap-runner', './stryker.config.mjs'],
  ignorers: ['prose'],
  concurrency: 2,
  // Generous, because an endless loop is found by counting how often it meets the mutant.
  timeoutMS: 60_000,
  timeoutFactor: 4,
  dryRunTimeoutMinutes: 30,
  reporters: ['clear-text', 'progress-append-only'],
  tempDirName: '.local/stryker',
  cleanTempDir: 'always',
  ignorePatterns: ['.local'],
  // Workspaces must lead to the mutated copy, and the links to the packages of the tests out of it. All others are found above it.
  symlinkNodeModules: false,
  buildCommand:
    "node --eval=require('fs').cpSync('../../../node_modules/@sluice','node_modules/@sluice',{recursive:true,verbatimSymlinks:true});" +
    "['test',...require('fs').globSync('packages/*/test')].forEach(folder=>require('fs').symlinkSync(" +
    "require('path').resolve('../../../test/tools/node_modules'),folder+'/node_modules'))",
  disableTypeChecks: false,
  // A configuration would be rewritten through an interface that TypeScript 7 lacks.
  tsconfigFile: 'none',
}

/** Text for people stays as it is, because the wording of messages is not tested. */
export const strykerPlugins = [{ kind: 'Ignore', name: 'prose', value: { shouldIgnore } }]

function shouldIgnore(path) {
  const text = path.isStringLiteral()
    ? path.node.value
    : path.isTemplateLiteral()
      ? path.node.quasis.map(({ value }) => value.raw).join('')
      : ''
  return /\p{L}{2}.*\s|\s.*\p{L}{2}/u.test(text) ? 'text for people' : undefined
}
