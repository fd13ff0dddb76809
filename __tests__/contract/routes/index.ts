import { alb } from './alb.ts'
import type { RouteFixture } from './fixture.ts'
import { grpcroute } from './grpcroute.ts'
import { httpproxyAlone, httpproxyBesideOthers } from './httpproxy.ts'
import { httproute } from './httproute.ts'
import { nginx } from './nginx.ts'
import { serviceForBoth, serviceForEither } from './service.ts'
import { traefikserviceAlone, traefikserviceBesideOthers } from './traefikservice.ts'
import { virtualserviceHosts } from './virtualservice-hosts.ts'
import {
  virtualserviceSubset,
  virtualserviceSubsetPair,
  virtualserviceVersionSubsets
} from './virtualservice-subsets.ts'

/** Every kind of route, as its users have it. */
export const fixtures: readonly RouteFixture[] = [
  serviceForEither,
  serviceForBoth,
  httproute,
  grpcroute,
  virtualserviceHosts,
  virtualserviceSubset,
  virtualserviceSubsetPair,
  virtualserviceVersionSubsets,
  alb,
  nginx,
  traefikserviceAlone,
  traefikserviceBesideOthers,
  httpproxyAlone,
  httpproxyBesideOthers
]
