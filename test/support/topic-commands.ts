/** Runs `sluice` commands in this process against the real Kafka. The topics belong to one test file. */
import { randomUUID } from 'node:crypto'
import { createTopic } from '@sluice/test-kit/create-topic'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { PROJECT, Program } from '@sluice/test-kit/program'
import { brokers } from '@sluice/test-kit/servers'
import kafkajs, { type Admin, type IResourceConfigEntry } from 'kafkajs'
import { type Ran, ran } from '../unit/cli/terminal.ts'

export class TopicCommands {
  /** Prefix of the names of all topics and groups of the test file. */
  readonly prefix = `t${randomUUID().slice(0, 8)}`
  readonly client: ForeignClient
  readonly kafka: kafkajs.Kafka
  readonly admin: Admin
  readonly #topics: string[] = []

  private constructor(client: ForeignClient, kafka: kafkajs.Kafka, admin: Admin) {
    this.client = client
    this.kafka = kafka
    this.admin = admin
  }

  static async open(): Promise<TopicCommands> {
    const kafka = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    return new TopicCommands(await ForeignClient.connect(), kafka, admin)
  }

  /** Returns the name of a topic or group of the test file. */
  named(name: string): string {
    return `${this.prefix}-${name}`
  }

  async topic(name: string, numPartitions: number, settings: Record<string, string> = {}): Promise<string> {
    const topic = this.named(name)
    const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }))
    await createTopic(this.admin, { topic, numPartitions, configEntries })
    this.#topics.push(topic)
    return topic
  }

  /** Registers an existing topic, so that it is deleted at the end. */
  adopt(topic: string): string {
    this.#topics.push(topic)
    return topic
  }

  /** Runs a command with the alert rules of this project. */
  run(args: readonly string[], stdin?: string): Promise<Ran> {
    const environment = { KAFKA_BROKERS: brokers().join(','), RULES_DIR: `${PROJECT}/config/rules` }
    return ran(args, { environment, ...(stdin === undefined ? {} : { stdin }) })
  }

  /** Runs a command in a separate process. `stderr` of the result contains its complete output. */
  async spawned(...args: readonly string[]): Promise<Ran> {
    const { code, stdout, output } = await this.start(...args).ended
    return { status: code ?? -1, stdout, stderr: output }
  }

  /** Starts a command in a separate process, which can be ended by signals. */
  start(...args: readonly string[]): Program {
    return new Program('./cli/sluice.ts', args)
  }

  /** Returns the value of a topic setting. Uses a client that is independent of the command. */
  async setting(topic: string, name: string): Promise<string | undefined> {
    const { resources } = await this.admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    })
    return resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue
  }

  /** Replaces the settings of a topic. Uses a client that is independent of the command. */
  async set(topic: string, settings: Record<string, string>): Promise<void> {
    const configEntries: IResourceConfigEntry[] = Object.entries(settings).map(([name, value]) => {
      return { name, value }
    })
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }
    await this.admin.alterConfigs({ validateOnly: false, resources: [resource] })
  }

  async close(): Promise<void> {
    if (this.#topics.length > 0) await this.admin.deleteTopics({ topics: this.#topics }).catch(() => {})
    await Promise.all([this.admin.disconnect(), this.client.close()])
  }
}
