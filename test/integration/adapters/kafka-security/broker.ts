/** The broker of these tests, and what clients need to reach it. */

import { IAM, LOGINS, type Login, type SecuredKafka, startSecuredKafka } from '@sluice/test-kit/secured-kafka'
import kafkajs from 'kafkajs'

export const TOPIC = 'secured'

export type Environment = Record<string, string>

/** The variables of this process, before a test changes them. */
export const usual = process.env

/** The AWS credentials that the broker knows. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: IAM.accessKey, AWS_SECRET_ACCESS_KEY: IAM.secretKey }

/** Present while tests run. */
export let kafka: SecuredKafka
/** Certificate authority of the broker, for every client. */
export let ca: Environment

export async function startBroker(): Promise<void> {
  // Limits of connections count those of the last second, and not of ten.
  kafka = await startSecuredKafka({ 'quota.window.num': '2' })
  ca = { KAFKA_CA_FILE: kafka.certificates.caFile }
  const admin = new kafkajs.Kafka({ clientId: 'test', brokers: [kafka.plainText], logLevel: 0 }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
}

export async function stopBroker(): Promise<void> {
  process.env = usual
  await kafka?.stop()
}

/** The variables of a user. */
export function user({ username, password }: Login): Environment {
  return { KAFKA_USERNAME: username, KAFKA_PASSWORD: password }
}

export const { scram, plain, eventHubs } = LOGINS
