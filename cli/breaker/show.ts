import { RedisCircuitBreaker } from '../../packages/runtime/adapters/redis/circuit-breaker.ts'
import { OPEN_MS } from '../../packages/runtime/pipeline/failures/failure-surge.ts'
import { argument, command, environment, JSON_OPTION, SOME_TEXT } from '../command.ts'
import { configOf, withRedis } from '../connections.ts'
import { printReport } from '../terminal.ts'

export default command({
  about: 'Show whether the circuit breaker of a consumer is open, and since when.',
  more: 'Example:\n  sluice breaker show alerting',
  args: { consumer: argument('name of the consumer in serverless.yml', SOME_TEXT) },
  options: { json: JSON_OPTION, env: environment('to look at') },
  withoutKafka: true,
  async run({ consumer, env, json }, terminal) {
    const config = configOf(terminal, env)
    const breaker = await withRedis(config, client =>
      new RedisCircuitBreaker(client, config.env).look(consumer),
    )
    printReport(terminal, reportOf(consumer, breaker), json, () => `${textOf(consumer, breaker)}\n`)
  },
})

type Breaker = Awaited<ReturnType<RedisCircuitBreaker['look']>>

/** Returns the report about a circuit breaker. Its `state` is never-opened, open or reset. */
function reportOf(consumer: string, breaker: Breaker) {
  if (breaker === undefined) return { consumer, state: 'never-opened' }
  const { version, since } = breaker
  if (since === 'reset') return { consumer, state: since, version }
  const [openedAt, openUntil] = [since, since + OPEN_MS].map(ms => new Date(ms).toISOString())
  return { consumer, state: 'open', version, openedAt, openUntil }
}

function textOf(consumer: string, breaker: Breaker): string {
  if (breaker === undefined) return `The circuit breaker of ${consumer} has never opened.`
  const version = `version ${breaker.version} of its code`
  if (breaker.since === 'reset')
    return `The circuit breaker of ${consumer} was reset by an operator for ${version}.`
  const [since, until] = [breaker.since, breaker.since + OPEN_MS].map(ms => new Date(ms).toISOString())
  return (
    `The circuit breaker of ${consumer} opened at ${since} for ${version}. Until ${until}, records that fail with this version stay ` +
    'in Kafka. After that, they are handled as failures.'
  )
}
