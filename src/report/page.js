'use strict';
// A slider with its button: `show` draws the frame of a number and returns what stands beside it.
function slide(figure, show, start) {
  const input = figure.querySelector('input'), button = figure.querySelector('button'), output = figure.querySelector('output');
  let timer = null;
  const move = () => { output.textContent = show(Number(input.value)); };
  const stop = () => { clearInterval(timer); timer = null; button.textContent = '\u25b6'; };
  input.addEventListener('input', move);
  button.addEventListener('click', () => {
    if (timer !== null) { stop(); return; }
    button.textContent = '\u23f8';
    if (input.value === input.max) input.value = 0;
    const pause = Math.max(40, Math.min(400, 8000 / (1 + Number(input.max))));
    timer = setInterval(() => { if (input.value === input.max) stop(); else { input.value = Number(input.value) + 1; move(); } }, pause);
  });
  if (start !== null) input.value = Math.min(start, Number(input.max));
  move();
  return { at: () => (input.value === input.max ? null : Number(input.value)), stop };
}

// Pictures of snapshots, one of which is seen.
function frames(figure, start) {
  const all = [...figure.querySelectorAll('.frame')];
  return slide(figure, (at) => { all.forEach((frame, place) => { frame.hidden = place !== at; }); return all[at].dataset.title; }, start);
}

const INKS = [[86, 180, 233], [230, 159, 0], [0, 158, 115], [240, 228, 66], [204, 121, 167], [213, 94, 0], [120, 160, 220], [220, 220, 220]];
const DOTS = `attribute vec3 place; attribute vec3 ink; attribute float size; uniform mat4 turn; uniform float ratio; varying vec3 colour;
  void main() { gl_Position = turn * vec4(place, 1.0); gl_PointSize = max(1.5, 3.2 * size * ratio / gl_Position.w); colour = ink; }`;
const FILL = `precision mediump float; varying vec3 colour; uniform float alpha; uniform bool round;
  void main() { if (round && length(gl_PointCoord - 0.5) > 0.5) discard; gl_FragColor = vec4(colour, alpha); }`;

// Bodies in three dimensions: turned by dragging, nearer by the wheel or two fingers.
function bodies(figure, start, camera) {
  const canvas = figure.querySelector('canvas'), scene = JSON.parse(figure.querySelector('script').textContent);
  const gl = canvas.getContext('webgl', { antialias: true, preserveDrawingBuffer: true });
  const bytes = Uint8Array.from(atob(scene.places), (letter) => letter.charCodeAt(0));
  const places = new Float32Array(bytes.buffer), count = scene.sizes.length, times = scene.times.length;
  const said = (at) => scene.times[at];
  if (!gl) {
    canvas.replaceWith(Object.assign(document.createElement('p'), { textContent: 'This browser has no WebGL, which draws the bodies.' }));
    return { slider: slide(figure, said, start), camera };
  }
  const shader = (kind, text) => { const made = gl.createShader(kind); gl.shaderSource(made, text); gl.compileShader(made); gl.attachShader(program, made); };
  const program = gl.createProgram();
  shader(gl.VERTEX_SHADER, DOTS); shader(gl.FRAGMENT_SHADER, FILL);
  gl.linkProgram(program); gl.useProgram(program);
  const at = Object.fromEntries(['place', 'ink', 'size'].map((name) => [name, gl.getAttribLocation(program, name)]));
  const uniform = Object.fromEntries(['turn', 'ratio', 'alpha', 'round'].map((name) => [name, gl.getUniformLocation(program, name)]));
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enable(gl.BLEND); gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA); gl.clearColor(0.047, 0.051, 0.063, 1);
  Object.values(at).forEach((place) => gl.enableVertexAttribArray(place));
  const few = count <= 30, ink = (body) => INKS[few ? body % INKS.length : 0].map((part) => part / 255);
  let now = times - 1;

  // Vertices of seven numbers: place, ink, size.
  const draw = (mode, list, alpha) => {
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(list), gl.DYNAMIC_DRAW);
    gl.vertexAttribPointer(at.place, 3, gl.FLOAT, false, 28, 0);
    gl.vertexAttribPointer(at.ink, 3, gl.FLOAT, false, 28, 12);
    gl.vertexAttribPointer(at.size, 1, gl.FLOAT, false, 28, 24);
    gl.uniform1f(uniform.alpha, alpha); gl.uniform1i(uniform.round, mode === gl.POINTS ? 1 : 0);
    gl.drawArrays(mode, 0, list.length / 7);
  };
  const place = (time, body) => { const from = 3 * (time * count + body); return [places[from], places[from + 1], places[from + 2]]; };
  const box = [];
  for (let axis = 0; axis < 3; axis++) for (const a of [-1, 1]) for (const b of [-1, 1]) for (const end of [-1, 1]) {
    const corner = [a, b]; corner.splice(axis, 0, end); box.push(...corner, 0.45, 0.45, 0.5, 1);
  }
  function matrix() {
    const [c, s, d, t] = [Math.cos(camera.yaw), Math.sin(camera.yaw), Math.cos(camera.pitch), Math.sin(camera.pitch)];
    const aspect = canvas.width / canvas.height, near = 0.05, far = 100, zoom = 2.2 / Math.max(1, 1 / aspect);
    // The columns of projection times view; z is up.
    const rows = [[c, s, 0, 0], [-t * s, t * c, d, 0], [d * s, -d * c, t, -camera.away]];
    const p = [zoom / aspect, zoom, -(far + near) / (far - near)], q = -2 * far * near / (far - near);
    const whole = [rows[0].map((x) => x * p[0]), rows[1].map((x) => x * p[1]), rows[2].map((x, k) => x * p[2] + (k === 3 ? q : 0)), rows[2].map((x) => -x)];
    return [0, 1, 2, 3].flatMap((column) => whole.map((row) => row[column]));
  }
  function render() {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * ratio); canvas.height = Math.round(canvas.clientHeight * ratio);
    gl.viewport(0, 0, canvas.width, canvas.height); gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniformMatrix4fv(uniform.turn, false, matrix()); gl.uniform1f(uniform.ratio, ratio * 3.2 * Math.max(1, canvas.clientWidth / 700));
    draw(gl.LINES, box, 0.5);
    if (scene.has_trails) for (let body = 0; body < count; body++) {
      const way = [];
      for (let time = 0; time <= now; time++) { const here = place(time, body); if (here.every(Number.isFinite)) way.push(...here, ...ink(body), 1); }
      draw(gl.LINE_STRIP, way, 0.5);
    }
    const dots = [];
    for (let body = 0; body < count; body++) { const here = place(now, body); if (here.every(Number.isFinite)) dots.push(...here, ...ink(body), few ? 1.6 * scene.sizes[body] : 0.35 * scene.sizes[body]); }
    draw(gl.POINTS, dots, few ? 1 : 0.7);
  }
  const fingers = new Map();
  let apart = 0;
  const distance = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a[0] - b[0], a[1] - b[1]); };
  const nearer = (factor) => { camera.away = Math.max(0.3, Math.min(12, camera.away * factor)); render(); };
  canvas.addEventListener('pointerdown', (event) => { canvas.setPointerCapture(event.pointerId); fingers.set(event.pointerId, [event.clientX, event.clientY]); if (fingers.size === 2) apart = distance(); });
  canvas.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 2) { const wide = distance(); nearer(apart / Math.max(1, wide)); apart = wide; return; }
    camera.yaw += (event.clientX - before[0]) / 150;
    camera.pitch = Math.max(-1.57, Math.min(1.57, camera.pitch + (event.clientY - before[1]) / 150));
    render();
  });
  for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
  canvas.addEventListener('wheel', (event) => { event.preventDefault(); nearer(Math.exp(event.deltaY / 600)); }, { passive: false });
  canvas.addEventListener('keydown', (event) => {
    const turn = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
    if (turn) { event.preventDefault(); camera.yaw += turn[0]; camera.pitch = Math.max(-1.57, Math.min(1.57, camera.pitch + turn[1])); render(); }
  });
  new ResizeObserver(render).observe(canvas);
  return { slider: slide(figure, (time) => { now = time; render(); return said(time); }, start), camera };
}

// Makes the page's figures move; where the reader was stays.
function begin(was) {
  const scene = document.getElementById('scene'), slider = document.getElementById('slider');
  const turned = scene ? bodies(scene, was.scene, was.camera) : null;
  return { turned, moved: slider ? frames(slider, was.slider) : null };
}
let page = begin({ scene: null, slider: null, camera: { yaw: 0.6, pitch: 0.5, away: 4.2 } });

// A live page asks for what is new, and takes it over without losing the reader's place.
const stamp = () => document.body.dataset.stamp;
async function look() {
  try {
    const query = window.location.search, fresh = await (await fetch('stamp' + query, { cache: 'no-store' })).text();
    if (fresh !== stamp()) {
      const text = await (await fetch('./' + query, { cache: 'no-store' })).text(), next = new DOMParser().parseFromString(text, 'text/html');
      const open = [...document.querySelectorAll('details')].map((details) => details.open), above = window.scrollY;
      const was = { scene: page.turned && page.turned.slider.at(), slider: page.moved && page.moved.at(), camera: page.turned ? page.turned.camera : { yaw: 0.6, pitch: 0.5, away: 4.2 } };
      if (page.turned) page.turned.slider.stop();
      if (page.moved) page.moved.stop();
      document.querySelector('main').replaceWith(next.querySelector('main'));
      document.body.dataset.stamp = next.body.dataset.stamp;
      document.querySelectorAll('details').forEach((details, place) => { details.open = open[place] || false; });
      page = begin(was);
      window.scrollTo(0, above);
    }
    document.body.classList.remove('lost');
  } catch (error) { document.body.classList.add('lost'); }
  setTimeout(look, 2000);
}
if (stamp()) setTimeout(look, 2000);
