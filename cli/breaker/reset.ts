import { RedisCircuitBreaker } from '../../packages/runtime/adapters/redis/circuit-breaker.ts'
import { argument, command, environment, JSON_OPTION, SOME_TEXT } from '../command.ts'
import { configOf, withRedis } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import { printReport } from '../terminal.ts'

export default command({
  about:
    'Close the circuit breaker of a consumer for the current version of its code. The deferred records are ' +
    'processed. Records that fail again are handled as failures.',
  more: 'Example:\n  sluice breaker reset alerting',
  args: { consumer: argument('name of the consumer in serverless.yml', SOME_TEXT) },
  options: { json: JSON_OPTION, env: environment('to look at') },
  withoutKafka: true,
  async run({ consumer, env, json }, terminal) {
    const config = configOf(terminal, env)
    await withRedis(config, (client, connections) =>
      carryOut(connections, { action: 'breaker reset', filter: { consumer } }, async () => {
        if (!(await new RedisCircuitBreaker(client, config.env).reset(consumer)))
          throw new CliFailure(
            `The circuit breaker of ${consumer} is not open: check the name of the consumer.`,
          )
      }),
    )
    const text =
      `The circuit breaker of ${consumer} is reset. The deferred records are processed with the next attempt. Records that fail ` +
      'again are handled as failures. For another version of the code, the breaker can open again.\n'
    printReport(terminal, { consumer, state: 'reset' }, json, () => text)
  },
})
