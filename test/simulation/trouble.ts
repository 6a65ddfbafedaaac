import type { Chance } from './chance.js';
import type { Cluster, Process } from './cluster.js';
import type { SimRecord } from './history.js';
import { CALM, weatherOf } from './network.js';
import type { Timeline } from './timeline.js';

/** What is done to processes, to the store and to its clock, and when. */
export class Trouble {
  clockJumped = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly timeline: Timeline,
    private readonly record: (record: SimRecord) => void,
    private readonly chance: Chance,
    private readonly era: number,
  ) {}

  plan(untilMs: number): void {
    const { chance } = this;
    const blackout = this.era >= 3 ? { blackout: 0.8 } : {};
    const events = chance.whole(1, 8);
    for (let i = 0; i < events; i++) {
      const at = chance.whole(0, untilMs);
      const process = chance.pick(this.cluster.processes);
      const what = chance.weighted({ kill: 4, pause: 4, stop: 1.5, down: 1.5, jump: 0.7, skew: 0.5, calm: 0.5, storm: 0.5, ...blackout });
      const ms = chance.pick([chance.whole(1, 100), chance.whole(100, 1_500), chance.whole(1_000, 5_000)]);
      const coin = chance.is(0.5);
      this.timeline.after(at, () => this.strike(what, process, ms, coin));
    }
  }

  private strike(what: string, process: Process, ms: number, coin: boolean): void {
    const { timeline, cluster } = this;
    const { net } = cluster;
    const { life } = process;
    this.record({ kind: 'fault', t: timeline.now, what, by: life.name, ms });
    switch (what) {
      case 'kill':
        if (life.state === 'dead') return;
        life.kill();
        return timeline.after(ms, () => process.life.state === 'dead' && cluster.birth(process));
      case 'blackout':
        for (const one of cluster.processes) this.strike('kill', one, ms, coin);
        return;
      case 'pause':
        life.pause();
        return timeline.after(ms, () => life.resume(coin));
      case 'stop':
        if (life.state !== 'up') return;
        return void process.runtime.stop().then(() => {
          life.kill();
          timeline.after(ms, () => process.life === life && cluster.birth(process));
        });
      case 'down':
        net.down = true;
        return timeline.after(ms, () => void (net.down = false));
      case 'jump':
        this.clockJumped = true;
        cluster.storeClock.skewMs += coin ? ms : -ms;
        return;
      case 'skew':
        life.skewMs += coin ? ms : -ms;
        return;
      default:
        net.weather = what === 'calm' ? CALM : weatherOf(this.chance);
    }
  }

  /** Faults stop: the network is well, and every process lives. */
  heal(): void {
    const { net, processes } = this.cluster;
    net.weather = CALM;
    net.down = false;
    this.record({ kind: 'fault', t: this.timeline.now, what: 'all is well' });
    for (const process of processes) {
      process.life.resume(true);
      if (process.life.state === 'dead') this.cluster.birth(process);
    }
  }
}
