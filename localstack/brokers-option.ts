import { pipe, transform } from 'valibot'
import { type Kind, oneOf } from '../packages/runtime/settings/values.ts'
import { BROKER_COUNTS, type BrokerCount } from './services/kafka-data.ts'

/** The option `--brokers` of the commands that start servers. */
export const BROKERS_OPTION = { type: 'string' } as const

/** Its line in the help texts. */
export const BROKERS_USAGE =
  '--brokers 3  three Kafka brokers, any one of which may fail, on KAFKA_PORT and the two ports after it'

const COUNTS = oneOf(BROKER_COUNTS.map(String))

/** How many brokers there can be: it takes three to do without one. */
export const BROKERS: Kind<BrokerCount> = {
  allowed: COUNTS.allowed,
  schema: pipe(
    COUNTS.schema,
    transform(text => Number(text) as BrokerCount),
  ),
}
