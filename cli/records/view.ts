/** How topics are called at a terminal. Pure. */
import { signals, topicName } from '../../lib/app/topics.ts'

/** The signal of a topic of the environment; of any other topic, its whole name. */
export function shortTopic(topic: string, env: string): string {
  return signals().find(signal => topicName(signal, env) === topic) ?? topic
}
