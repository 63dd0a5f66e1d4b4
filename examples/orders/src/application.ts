import { type Application, type Event, type EventData, type Failure, failure } from '@sluice/runtime'

export const ORDER_PLACED = 'com.example.order.placed'
export const ORDER_PAID = 'com.example.order.paid'

export interface Order {
  readonly orderId: string
  /** Not in an event that says that the order was paid. */
  readonly cents?: number
}

const MiB = 1024 * 1024

const TOPICS = {
  orders: { partitions: 3, keptDays: 7, maxMessageBytes: MiB },
  totals: { partitions: 3, keptDays: 30, maxMessageBytes: MiB },
  failures: { partitions: 3, keptDays: 30, maxMessageBytes: 2 * MiB },
}

declare module '@sluice/runtime' {
  interface Declared {
    readonly topic: keyof typeof TOPICS
  }
}

export const shop: Application = {
  topics: TOPICS,
  kafkaTopic: (name, env) => `shop.${name}.${env}`,
  topicNamed,
  failuresTopic: 'failures',
  deadLettersTopic: 'failures',
  failureEvent: {
    type: 'com.example.shop.failure',
    dataschema: 'https://shop.example/schemas/failure.json',
  },
  tickType: 'com.example.shop.tick',
  ignoredTypes: new Map(),
  readData,
}

/** The settings of `shop.<name>.<env>`. */
function topicNamed(kafkaTopic: string) {
  const [org, name = ''] = kafkaTopic.split('.')
  return org === 'shop' && Object.hasOwn(TOPICS, name) ? TOPICS[name as keyof typeof TOPICS] : undefined
}

/** Checks the data of our own types; use a schema validator of your choice. Ticks and other types pass. */
function readData({ type, data }: Event): EventData | Failure {
  if (type !== ORDER_PLACED && type !== ORDER_PAID) return { kind: 'data', data }
  const { orderId, cents } = (data ?? {}) as Partial<Record<keyof Order, unknown>>
  if (typeof orderId !== 'string') return failure('schema-violated', 'orderId must be a string')
  if (type === ORDER_PLACED && !Number.isSafeInteger(cents))
    return failure('schema-violated', 'cents must be a whole number')
  return { kind: 'data', data }
}
