// serverless-offline finds handlers in plain modules only.
export { counting, receiving, router } from './consumers.ts'
