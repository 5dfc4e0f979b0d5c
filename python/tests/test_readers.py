"""What the package shows of a run is what h5py and the files say, bit for bit, with the right units, and read when it is asked for."""

import csv
import importlib.metadata
import pathlib
import time
import tomllib

import divisi
import h5py
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def column(run, table, name):
    with open(run.path / table) as file:
        return [float(row[name]) for row in csv.DictReader(file)]


@pytest.fixture(params=["astropy", "unyt", "none"])
def library(request):
    if request.param != "none":
        pytest.importorskip(request.param)
    divisi.use_units(request.param)
    yield request.param
    divisi.use_units(None)


def test_tables_have_the_numbers_of_the_files_to_the_last_bit(planets, maps):
    for name in ("time", "energy_error", "Earth_e"):
        assert list(planets.history[name]) == column(planets, "history.csv", name)
    assert list(planets.events.columns) == ["step", "time", "event", "subjects", "value"]
    assert list(maps.results["result"]) == column(maps, "results.csv", "result")
    assert (maps.results.status == "done").all() and len(maps.tasks) == 10


def test_snapshots_have_the_numbers_of_h5py(planets):
    assert len(planets) == 3 and [snapshot.step for snapshot in planets] == [0, 20, 40]
    last = planets[-1]
    with h5py.File(last.path) as file:
        bodies = file["PartType1"]
        for seen, name in ((last.positions, "Coordinates"), (last.velocities, "Velocities"), (last.masses, "Masses")):
            assert np.array_equal(np.asarray(seen), bodies[name][...])
        assert np.array_equal(last.ids, bodies["ParticleIDs"][...])
        assert np.array_equal(np.asarray(last["Earth"].position), bodies["Coordinates"][3])
        assert np.array_equal(np.asarray(last[-1].velocity), bodies["Velocities"][-1])
    assert last[3].name == "Earth" and last["Earth"].id == last.ids[3] and len(list(last)) == len(last) == 11


def test_units_are_those_of_the_run(planets, library):
    last, earth = planets[-1], planets[-1]["Earth"]
    with h5py.File(last.path) as file:
        scale, position = dict(file["Units"].attrs), file["PartType1/Coordinates"][3]
        mass, velocity, moment = file["PartType1/Masses"][3], file["PartType1/Velocities"][3], file["Header"].attrs["Time"]
    if library == "none":
        assert (earth.position.unit, earth.velocity.unit, last.time.unit) == ("au", "au/day", "day")
        return
    in_cgs = (lambda quantity, unit: quantity.to(unit).value) if library == "astropy" else (lambda quantity, unit: quantity.to(unit).v)
    for seen, wanted, unit in [
        (earth.position, position * scale["UnitLength_in_cm"], "cm"),
        (earth.velocity, velocity * scale["UnitVelocity_in_cm_per_s"], "cm/s"),
        (earth.mass, mass * scale["UnitMass_in_g"], "g"),
        (last.time, moment * scale["UnitTime_in_s"], "s"),
    ]:
        assert np.allclose(in_cgs(seen, unit), wanted, rtol=1e-12, atol=0)
    assert abs(in_cgs(earth.mass, "kg") / 5.972e24 - 1) < 1e-3


def test_a_run_without_a_physical_scale_has_plain_numbers(gas):
    assert not hasattr(gas[-1].time, "to") and float(gas[-1].time) == float(gas.history.time.iloc[-1])
    with h5py.File(gas[-1].path) as file:
        assert np.array_equal(gas[-1]["density"], file["VTKHDF/CellData/density"][...])


def test_the_way_of_a_body_is_found_by_its_name(planets):
    earth = planets.body("Earth")
    with h5py.File(planets.path / "trajectory.hdf5") as file:
        assert np.array_equal(np.asarray(earth.positions), file["Coordinates"][:, 3])
        assert np.array_equal(np.asarray(earth.z), file["Coordinates"][:, 3, 2])
        assert np.array_equal(np.asarray(earth.time), file["Time"][...])
    seen = planets.trajectory.Coordinates.sel(Names="Earth", component="x")
    assert np.array_equal(seen, np.asarray(planets.body(3).x))


def test_series_are_arrays_along_time(planets, gas):
    assert planets.bodies.Coordinates.dims == ("time", "particle", "component")
    assert gas.grid.density.dims == ("time", "z", "y", "x")
    for number, snapshot in enumerate(gas):
        assert np.array_equal(gas.grid.density[number], np.asarray(snapshot["density"]))
        assert float(gas.grid.time[number]) == float(snapshot.time)
    one = gas.grid.pressure.sel(time=float(gas[1].time), x=0.5, method="nearest")
    assert np.array_equal(one, np.asarray(gas[1]["pressure"])[:, :, 9])


def test_a_sweep_is_an_array_along_its_parameters(maps):
    cube = maps.cube.result
    assert cube.dims == ("r", "start") and cube.shape == (5, 2)
    for _, row in maps.results.iterrows():
        assert float(cube.sel(r=row.r, start=row.start)) == row.result


def test_a_posterior_opens_as_a_table_and_in_arviz(fit):
    samples = fit.posterior.samples
    with h5py.File(fit.path / "posterior.hdf5") as file:
        assert np.array_equal(samples[fit.posterior.names].to_numpy(), file["post"][...])
    arviz_base = pytest.importorskip("arviz_base")
    tree = fit.posterior.arviz()
    assert np.array_equal(np.ravel(tree["posterior"].sma1), samples.sma1)
    assert arviz_base.extract(tree).sizes["sample"] == len(fit.posterior) == 100
    with h5py.File(fit.path / "posterior.hdf5") as file:
        for name in ("epoch", "quant1", "quant2_err"):
            assert np.array_equal(tree["observed_data"][name], file["data"][name], equal_nan=True)
    best = samples.loc[(samples.lnlike + samples.lnprior).idxmax()]
    assert fit.posterior.best["ecc1"] == best.ecc1 and fit.posterior.units["inc1"] == "rad"


def test_orbitize_reads_the_same_samples(fit):
    pytest.importorskip("orbitize")
    assert np.array_equal(fit.posterior.orbitize().post, fit.posterior.samples[fit.posterior.names])


def test_yt_knows_the_units_of_bodies_and_gas_without_being_told(planets, gas, monkeypatch):
    yt = pytest.importorskip("yt")
    yt.set_log_level("error")
    # As where the package is installed.
    declared = tomllib.loads((ROOT / "python/pyproject.toml").read_text())["project"]["entry-points"]["yt.frontends"]
    readers = [importlib.metadata.EntryPoint(name, value, "yt.frontends") for name, value in declared.items()]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: readers if group == "yt.frontends" else [])
    with h5py.File(planets[-1].path) as file:
        scale, bodies = dict(file["Units"].attrs), {name: file["PartType1"][name][...] for name in ("ParticleIDs", "Coordinates", "Velocities", "Masses")}
        seconds = file["Header"].attrs["Time"] * scale["UnitTime_in_s"]
    for opened in (yt.load(str(planets[-1].path)), planets[-1].yt()):
        everything = opened.all_data()
        order, mine = (np.argsort(ids) for ids in (np.asarray(everything["PartType1", "ParticleIDs"]), bodies["ParticleIDs"]))
        for name, unit, size in (("Coordinates", "cm", "Length_in_cm"), ("Velocities", "cm/s", "Velocity_in_cm_per_s"), ("Masses", "g", "Mass_in_g")):
            wanted = bodies[name][mine] * scale[f"Unit{size}"]
            # yt keeps GADGET's numbers in single precision.
            assert np.allclose(everything["PartType1", name].to(unit).v[order], wanted, rtol=1e-6, atol=1e-6 * np.abs(wanted).max())
        assert np.isclose(float(opened.current_time.to("s")), seconds, rtol=1e-12)
    told = {"UnitLength_in_cm": 1.0, "UnitMass_in_g": 1.0, "UnitVelocity_in_cm_per_s": 1.0}
    assert float(yt.load(str(planets[-1].path), unit_base=told).length_unit.to("cm")) == 1.0
    assert np.isclose(float(gas[-1].yt().current_time.to("code_time")), float(gas[-1].time))


def test_what_a_run_says_of_itself(planets, maps):
    assert planets.simulation == "nbody" and planets.config["run"]["steps"] == 40
    assert planets.ledger["ranks"] == 2 and planets.status == maps.status == "done"
    assert "step 40" in planets.log and repr(planets).endswith("nbody, done>")


def test_notebooks_show_a_run_its_report_and_its_pictures(planets):
    shown = planets._repr_html_()
    assert "nbody" in shown and "<svg" in shown
    assert "srcdoc" in planets.report._repr_html_() and "&lt;svg" in planets.report._repr_html_()
    drawn = planets.plot()
    assert drawn and drawn == planets.figures and "data:image/png" in drawn._repr_html_()
    assert [path.name for path in planets.plot()] == [path.name for path in drawn]


def test_what_is_not_there_is_named(planets, gas, tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        divisi.open(tmp_path / "nothing")
    with pytest.raises(ValueError, match="holds no run"):
        divisi.open(tmp_path)
    with pytest.raises(FileNotFoundError, match="has no trajectory.hdf5"):
        gas.trajectory  # noqa: B018
    with pytest.raises(FileNotFoundError, match="no snapshots of a grid"):
        planets.grid  # noqa: B018
    with pytest.raises(KeyError, match="no body 'Terra'; names are Sun, Mercury"):
        planets[-1]["Terra"]
    with pytest.raises(KeyError, match="no field 'rho', only density"):
        gas[0]["rho"]
    with pytest.raises(IndexError, match="no snapshot 3"):
        planets[3]


def test_a_series_of_ten_gigabytes_opens_at_once(tmp_path):
    """Five snapshots of 512 x 512 x 1024 cells whose numbers nobody has written."""
    cells, steps = {"z": 1024, "y": 512, "x": 512}, 5
    shape, folder = tuple(cells.values()), tmp_path / "snapshots"
    folder.mkdir()
    (tmp_path / "config.toml").write_text('simulation = "fluid"\n[made_by]\nprogram = "a test"\n')
    layout = h5py.VirtualLayout((steps, *shape), "f8")
    for step in range(steps):
        with h5py.File(folder / f"snapshot_{step:06}.vtkhdf", "w") as file:
            file.create_dataset("VTKHDF/CellData/density", shape, "f8")
        layout[step] = h5py.VirtualSource(f"snapshot_{step:06}.vtkhdf", "/VTKHDF/CellData/density", shape)
    with h5py.File(folder / "series.vtkhdf", "w") as file:
        axes = {"time": np.arange(steps) * 0.5} | {name: np.arange(count) + 0.5 for name, count in cells.items()}
        for name, numbers in axes.items():
            file[name] = numbers
            file[name].make_scale(name)
        density = file.create_virtual_dataset("density", layout)
        for place, name in enumerate(axes):
            density.dims[place].attach_scale(file[name])
    # Processor time: what others do on this machine doesn't count, nor does the first import.
    pytest.importorskip("xarray")
    began = time.process_time()
    run = divisi.open(tmp_path)
    series = run.grid
    one = float(series.density.sel(time=1.0, x=100.5, y=7.5, z=1000.5))
    assert time.process_time() - began < 1.0
    assert one == 0.0 and series.density.nbytes > 10e9
