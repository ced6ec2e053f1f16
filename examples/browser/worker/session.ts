import { kernelInfo, Random } from 'layerwise';
import type { Dropped, Request, Scores, Settings, Tell } from '../protocol.js';
import { bytesOf, recognize } from './files.js';
import { factsOf, type ImageSet } from './image-set.js';
import { judge, look } from './look.js';
import { Net } from './net.js';
import { channelsLast, decodePicture, fromDrawing } from './pixels.js';
import { Points } from './points.js';
import { Run } from './run.js';
import { sizeOf } from './shape.js';
import { syntheticSet } from './synthetic.js';

/** Milliseconds between two looks, unless a look takes long: they get a tenth of the time at most. */
const LOOK_PAUSE = 300;

/** What is classified, again after each look. */
interface Judged {
  readonly picture: Uint8Array;
  readonly source: string;
  readonly label: number | null;
}

/** The data, the network and its training. */
export class Session {
  readonly #tell: Tell;
  readonly #random = new Random('examples');
  readonly #points: Points;
  #set: ImageSet | null = null;
  #net: Net | null = null;
  #run: Run | null = null;
  #judged: Judged | null = null;
  #nextLook = 0;

  constructor(tell: Tell) {
    this.#tell = tell;
    this.#points = new Points(tell);
  }

  /** Does what the page asks for. What goes wrong becomes a sentence, and everything stays as it was. */
  async obey(request: Request): Promise<void> {
    try {
      await this.#obey(request);
    } catch (error) {
      this.#say((error as Error).message, true);
    }
  }

  async #obey(request: Request): Promise<void> {
    switch (request.kind) {
      case 'synthetic':
        this.#use(syntheticSet(request.images));
        break;
      case 'files':
        await this.#take(request.files);
        break;
      case 'train':
        await this.#train(request.settings, request.isNew);
        break;
      case 'pause':
        this.#run?.pause();
        this.#tellState();
        break;
      case 'resume':
        this.#run?.resume();
        this.#tellState();
        break;
      case 'stop':
        this.#run?.stop();
        break;
      case 'rate':
        if (this.#run !== null) this.#run.learningRate = request.learningRate;
        break;
      case 'drawing':
        this.#draw(request.drawing);
        break;
      case 'example':
        this.#example();
        break;
      case 'save':
        this.#save();
    }
  }

  /** Files that were dropped or chosen. */
  async #take(files: readonly Dropped[]): Promise<void> {
    const found = await recognize(files);
    if (found.kind === 'network') await this.#load(found.file);
    else if (found.kind === 'pictures') await this.#classify(found.files);
    else {
      this.#use(found.set);
      const { leftOut } = found;
      if (leftOut.length === 0) return;
      const [count, some] = [`${leftOut.length} of ${files.length}`, leftOut.slice(0, 3).join(', ')];
      const more = leftOut.length > 3 ? ', …' : '';
      this.#say(`Left out, as no pictures in the folder of a class that can be read: ${count}, ${some}${more}.`, true);
    }
  }

  /** Takes other data, with a network for them. A training of the old ones ends. */
  #use(set: ImageSet): void {
    const wasTraining = this.#run !== null;
    this.#end();
    this.#set = set;
    this.#tell({ kind: 'data', data: factsOf(set) });
    const total = (set.training.labels.length + set.validation.labels.length).toLocaleString('en-US');
    const ended = wasTraining ? ' The training on the pictures before has ended.' : '';
    this.#say(`${set.name}: ${total} pictures of ${set.classes.length} classes are ready.${ended}`);
    if (this.#net?.fits(set) && this.#net.iterations > 0) this.#look();
    // Convolutions in plain JavaScript would take minutes.
    else if (kernelInfo().kernels === 'wasm') this.#have(Net.for(set, 'convolutional', 16));
    else this.#have(Net.for(set, 'hidden', 100));
  }

  /** Takes another network. */
  #have(net: Net): void {
    if (this.#judged !== null && net.plan.shape.join() !== this.#net?.plan.shape.join()) this.#judge(null);
    this.#net = net;
    this.#points.clear();
    this.#tell({ kind: 'network', network: net.facts, isNew: true });
    this.#look();
  }

  async #train(settings: Settings, isNew: boolean): Promise<void> {
    const set = this.#set;
    if (set === null || this.#run !== null) return;
    if (isNew || this.#net === null) this.#have(Net.for(set, settings.network, settings.width));
    const net = this.#net!;
    if (!net.fits(set)) {
      throw new Error(`The network knows other pictures than ${set.name}: train a new one.`);
    }
    const run = new Run(net, set, settings, {
      onStep: (loss, learningRate, epoch) => {
        this.#points.add(net.iterations, loss, learningRate, epoch);
        if (performance.now() > this.#nextLook) this.#look();
      },
      onEpoch: (accuracy) => this.#tell({ kind: 'epoch', iteration: net.iterations, accuracy }),
    });
    this.#run = run;
    this.#tellState();
    let said: string | null = null;
    try {
      const isWhole = await run.go();
      if (this.#run === run) said = isWhole ? 'The training is complete.' : 'The training was stopped.';
    } finally {
      if (this.#run === run) {
        this.#run = null;
        this.#points.flush();
        this.#look();
        this.#tellState();
      }
    }
    if (said !== null) this.#say(said);
  }

  #end(): void {
    this.#run?.stop();
    this.#run = null;
    this.#tellState();
  }

  #look(): void {
    if (this.#net === null || this.#set === null) return;
    const start = performance.now();
    this.#tell({ kind: 'network', network: this.#net.facts, isNew: false });
    this.#tell({ kind: 'look', look: look(this.#net, this.#set) });
    this.#judgeAgain();
    const now = performance.now();
    this.#nextLook = now + Math.max(LOOK_PAUSE, 9 * (now - start));
  }

  #draw(drawing: ImageData): void {
    const { plan } = this.#net ?? {};
    if (plan === undefined) return;
    const picture = fromDrawing(drawing, plan);
    this.#judge(picture === null ? null : { picture, source: 'your drawing', label: null });
  }

  #example(): void {
    if (this.#set === null || this.#net === null) return;
    if (!this.#net.fits(this.#set)) throw new Error(`The network knows other pictures than ${this.#set.name}.`);
    const { shape, validation } = this.#set;
    const [n] = this.#random.randint(0, validation.labels.length, 1) as unknown as [number];
    const picture = validation.images.slice(n * sizeOf(shape), (n + 1) * sizeOf(shape));
    this.#judge({ picture, source: 'a validation picture', label: validation.labels[n]! });
  }

  async #classify(files: readonly File[]): Promise<void> {
    const net = this.#net;
    if (net === null) throw new Error('There is no network yet that could classify a picture.');
    const [file] = files as [File];
    const picture = await decodePicture(file, net.plan.shape);
    if (this.#net?.plan.shape.join() === net.plan.shape.join()) {
      this.#judge({ picture, source: file.name, label: null });
    }
    const which = files.length === 1 ? '' : `, the first of ${files.length} pictures`;
    const hint = 'To train on pictures of your own, drop several folders, one for each class.';
    this.#say(`${file.name} is classified${which}. ${hint}`);
  }

  #judge(judged: Judged | null): void {
    this.#judged = judged;
    if (judged === null) this.#tell({ kind: 'scores', scores: null });
    else this.#judgeAgain();
  }

  #judgeAgain(): void {
    if (this.#judged === null || this.#net === null) return;
    const { picture, source, label } = this.#judged;
    const seen = channelsLast(picture, this.#net.plan.shape);
    const scores: Scores = { probabilities: judge(this.#net, picture), seen, source, label };
    this.#tell({ kind: 'scores', scores });
  }

  #save(): void {
    if (this.#net === null) return;
    const { network, classes } = this.#net.plan;
    const name = `${network}-${classes.length}-classes-${this.#net.iterations}.safetensors`;
    this.#tell({ kind: 'saved', name, bytes: this.#net.encode() });
    this.#say(`Saved as ${name}.`);
  }

  async #load(file: File): Promise<void> {
    const bytes = await bytesOf(file);
    let net: Net;
    try {
      net = Net.decode(bytes);
    } catch (error) {
      // What the library says of its arguments, without their names.
      const why = (error as Error).message.replace(/^(decodeSafetensors: bytes:?|loadStateDict: .*? fit \w+:)\s*/, '');
      throw new Error(`${file.name} cannot be loaded: ${why}.`, { cause: error });
    }
    this.#end();
    this.#have(net);
    const { classes } = net.plan;
    const of = `${classes.length} classes (${classes.slice(0, 3).join(', ')}${classes.length > 3 ? ', …' : ''})`;
    this.#say(`${file.name} is loaded: it was trained for ${net.iterations} steps and knows ${of}.`);
  }

  #tellState(): void {
    const state = this.#run === null ? 'idle' : this.#run.isPaused ? 'paused' : 'running';
    this.#tell({ kind: 'state', state, epochs: this.#run?.settings.epochs ?? 0 });
  }

  #say(text: string, isError = false): void {
    this.#tell({ kind: 'said', text, isError });
  }
}
