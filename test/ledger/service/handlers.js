// serverless-offline finds handlers only in JavaScript modules.
export { archiving, counting, forwarding, receiving, router } from './consumers.ts'
