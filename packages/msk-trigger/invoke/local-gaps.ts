import process from 'node:process'
import { kafkaEvents } from '../config/event-settings.ts'
import { listLocalNames, resourceContext } from '../config/resources.ts'
import { show, withoutLogin } from '../support/config-values.ts'
import type { Serverless } from '../support/serverless.ts'
import { type FunctionFacts, functionFacts, LAMBDA_ZONE } from './function-facts.ts'
import { readNodeOptions } from './runtimes/node/node-options.ts'
import { describeDifference } from './runtimes/node/node-releases.ts'
import { describeInterpreter } from './runtimes/python/interpreter.ts'

const ASYNCHRONOUS = 'applies to asynchronous invocations, not to records of Kafka: set on the event '

/** Keys of a function, and options of serverless-offline, that have no effect here. */
const KEYS = {
  condition: 'is not evaluated here: set enabled: false on an event that is not to be read',
  destinations: `${ASYNCHRONOUS}onFailureDestination`,
  durableConfig: 'has no effect here: the handler is invoked without durable execution',
  fileSystemConfig: 'has no effect here: the handler has the files of this machine',
  maximumEventAge: `${ASYNCHRONOUS}maximumRecordAgeInSeconds`,
  maximumRetryAttempts: `${ASYNCHRONOUS}maximumRetryAttempts`,
  onError: `${ASYNCHRONOUS}onFailureDestination`,
  reloadHandler: 'has no effect here: code is loaded again when the file of the handler has changed',
  reservedConcurrency: 'is not resolved here, so it does not limit the function: write a number',
  useInProcess: 'has no effect here: the handler has a thread of its own',
}

const PROCESS_ONLY =
  'has no effect here: the handler runs in a thread, and only a process takes it. If it is needed, set it for serverless offline itself'

/** Variables of a function that have no effect here. */
const VARIABLES = {
  AWS_LAMBDA_EXEC_WRAPPER:
    'has no effect here: the handler is started without this script. Set the variables that the script sets, such as NODE_OPTIONS',
  NODE_EXTRA_CA_CERTS: PROCESS_ONLY,
}

/** Returns a line for each setting of these functions that would otherwise be passed over in silence, with what to do. */
export function localGaps(serverless: Serverless, options: object, keys: readonly string[]): string[] {
  const gaps = keys.flatMap(key => {
    const definition = serverless.service.getFunction(key)
    const facts = functionFacts(serverless, { ...options }, key)
    const { runtime, unresolved, missingLayers } = facts
    const difference = runtime.startsWith('python')
      ? describeInterpreter(facts)
      : describeDifference(runtime, process.versions.node)
    const events = [...kafkaEvents({ [key]: definition })]
    const isKafkaAlone = events.length === definition.events?.length
    const referring = [
      ...events.map(({ event }) => event.onFailureDestination),
      ...[serverless.service.provider, definition].map(of => of.environment),
    ]
    const isNumber = typeof definition.reservedConcurrency === 'number'
    const set = Object.entries({ ...options, ...definition }).filter(
      ([, value]) => (value ?? false) !== false,
    )
    return [
      ...(difference ? [[`runtime ${runtime}`, difference]] : []),
      ...Object.entries(unresolved).map(([name, value]) => [
        `environment variable ${name}`,
        `is ${withoutLogin(show(value))}, which only CloudFormation resolves, so it is not set here. For a local value, move it to ` +
          `params.default.${name}, write \${param:${name}}, and start with --param="${name}=…"`,
      ]),
      ...listLocalNames(referring, resourceContext(serverless)).map(([id, name]) => [
        `resource ${id}`,
        `has no name in resources, so it is called ${name} here, after its logical id: create it under this name`,
      ]),
      ...findVariableGaps(facts),
      ...missingLayers.map(layer => [
        `layer ${show(layer)}`,
        'is not on this machine, so its files are missing: name a folder with its content in custom.serverless-offline.localLayers, by its ARN or logical id',
      ]),
      ...set
        .map(([name]) => [name, new Map(Object.entries(KEYS)).get(name)])
        .filter(
          ([name, why]) =>
            why &&
            (isKafkaAlone || !why.startsWith(ASYNCHRONOUS)) &&
            !(isNumber && name === 'reservedConcurrency'),
        ),
    ].map(([setting, why]) => ({ key: show(key), line: `${setting} of function … ${why}` }))
  })
  return [...Map.groupBy(gaps, ({ line }) => line)].map(([line, of]) =>
    line.replace('…', of.map(({ key }) => key).join(', ')),
  )
}

/** Returns the variables and the options of Node.js that have no effect here, each with the reason. */
function findVariableGaps(facts: FunctionFacts): string[][] {
  const { environment, runtime } = facts
  const isSet = (name: string) => (environment[name] ?? process.env[name]) !== process.env[name]
  const set = Object.entries(VARIABLES).filter(([name]) => isSet(name))
  // The plugin gives the process the zone of Lambda if it has none.
  const [zone, own] = [environment.TZ, process.env.TZ || LAMBDA_ZONE].map(tz => `${tz}`.replace(/^:/, ''))
  const inZone = `is ${own} here, because its thread has the time zone of serverless offline: start that with TZ=${zone}`
  return [
    ...(zone !== own && runtime.startsWith('nodejs') ? [['environment variable TZ', inZone]] : []),
    ...set.map(([name, why]) => [`environment variable ${name}`, why]),
    ...readNodeOptions(facts).refused.map(option => [
      `${withoutLogin(option)} in NODE_OPTIONS`,
      PROCESS_ONLY,
    ]),
  ].filter(([, why]) => runtime.startsWith('nodejs') || why !== PROCESS_ONLY)
}
