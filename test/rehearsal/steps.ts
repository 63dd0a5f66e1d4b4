/** Steps of a rehearsal, in order. `npm run deploy:rehearsal` reports each step, and in `npm test` each is a test. */
import type { Rehearsal } from './rehearsal.ts'
import { deploy, poll } from './steps/deploy.ts'
import { invokeEach } from './steps/invoke.ts'
import { keepCluster } from './steps/long-lived-stack.ts'
import { remove } from './steps/remove.ts'
import { update } from './steps/update.ts'

interface Step {
  readonly title: string
  /** Resolves to what was looked at, in a few words. Rejects if it is not as it should be. */
  run(rehearsal: Rehearsal): Promise<string>
}

export const STEPS: readonly Step[] = [
  {
    title: 'given a long-lived stack or none, when its command is printed, then it keeps its kind of cluster',
    run: keepCluster,
  },
  {
    title: 'given an account without the stack, when it is deployed, then every function is there',
    run: deploy,
  },
  { title: 'when the event source mappings are polled, then each has joined its group', run: poll },
  {
    title:
      'when each function is invoked, then Kafka, Redis and S3 have its results, and notifications are sent',
    run: invokeEach,
  },
  {
    title: 'given load, when another version is deployed, then no reading is lost or counted twice',
    run: update,
  },
  { title: 'when the stack is removed, then nothing of it is left', run: remove },
]
