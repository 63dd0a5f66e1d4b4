/** For scheduled functions that move records to other topics. */
export { createForwarderRun } from '../../lambda/run-forwarder.ts'
