import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addTopicsApply } from './topics/apply.ts'
import { addTopicsBalance } from './topics/balance.ts'
import { addTopicsCreate } from './topics/create.ts'
import { addTopicsDescribe } from './topics/describe.ts'
import { addTopicsGrow } from './topics/grow.ts'
import { addTopicsList } from './topics/list.ts'
import { addTopicsPlan } from './topics/plan.ts'
import { addTopicsStats } from './topics/stats.ts'

const ABOUT = `Create topics, look at them, and keep those of an environment as the table of topics says.`

export function addTopics(program: Command, terminal: Terminal): void {
  const topics = program
    .command('topics')
    .summary('create topics, look at them, compare them with the table')
    .description(ABOUT)
  addTopicsCreate(topics, terminal)
  addTopicsList(topics, terminal)
  addTopicsDescribe(topics, terminal)
  addTopicsStats(topics, terminal)
  addTopicsBalance(topics, terminal)
  addTopicsPlan(topics, terminal)
  addTopicsApply(topics, terminal)
  addTopicsGrow(topics, terminal)
}
