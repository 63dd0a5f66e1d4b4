/** What to do about a topic that does not exist. */
export function missingTopic(topic: string, brokers: readonly string[]): string {
  return (
    `topic ${topic} does not exist: create topic ${topic}, for example with kafka-topics.sh --bootstrap-server ` +
    `${brokers[0]} --create --topic ${topic}, or set custom.mskTrigger.createTopics: true.`
  )
}
