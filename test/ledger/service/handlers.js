// serverless-offline finds handlers only in JavaScript modules.
export {
  counting,
  failing,
  forwarding,
  intake,
  receiving,
  redriver,
  router,
} from './consumers.ts'
