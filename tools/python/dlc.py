"""Runs a library made by `dlc compile` from Python, through ctypes and numpy alone.

    model = dlc.Model("build/libmnist.so")
    outputs = model.run({"image": images})      # a dict, in the model's order of outputs
"""
import ctypes
import json
import struct

import numpy as np

_DTYPES = {1: "f4", 2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8", 12: "u4", 13: "u8"}
_TYPES = {"f32": "f4", "u8": "u1", "i8": "i1", "u16": "u2", "i16": "i2", "i32": "i4", "i64": "i8", "bool": "?", "f16": "f2",
          "f64": "f8", "u32": "u4", "u64": "u8"}
# What numpy itself has not; only models with these need ml_dtypes.
_EXTENDED = {16: "bfloat16", 17: "float8_e4m3fn", 18: "float8_e4m3fnuz", 19: "float8_e5m2", 20: "float8_e5m2fnuz",
             21: "uint4", 22: "int4", 23: "float4_e2m1fn", 24: "float8_e8m0fnu", 25: "uint2", 26: "int2"}
_EXTENDED_CODES = {name: code for code, name in _EXTENDED.items()}
_CODES = {np.dtype(d): code for code, d in _DTYPES.items()}
_MAX_RANK = 32


class _Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("dims", ctypes.POINTER(ctypes.c_int64)), ("capacity", ctypes.c_int64)]


class _Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("pool", ctypes.c_void_p), ("threads", ctypes.c_int32),
                ("reserved", ctypes.c_int32), ("variant", ctypes.c_char_p), ("allocator", ctypes.c_void_p),
                ("allocate", ctypes.c_void_p), ("deallocate", ctypes.c_void_p)]


_pointer, _status = ctypes.c_void_p, ctypes.c_int32
_out = ctypes.POINTER(ctypes.c_void_p)


class _Description(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t), ("abi", ctypes.c_uint32), ("n_functions", ctypes.c_int32),
        ("name", ctypes.c_char_p), ("json", ctypes.c_char_p), ("functions", ctypes.POINTER(ctypes.c_char_p)),
        ("open", ctypes.CFUNCTYPE(_status, ctypes.POINTER(_Options), _out, ctypes.c_char_p, ctypes.c_size_t)),
        ("close", ctypes.CFUNCTYPE(None, _pointer)),
        ("variant", ctypes.CFUNCTYPE(ctypes.c_char_p, _pointer)),
        ("session_new", ctypes.CFUNCTYPE(_status, _pointer, _out)),
        ("session_free", ctypes.CFUNCTYPE(None, _pointer)),
        ("call", ctypes.CFUNCTYPE(_status, _pointer, ctypes.c_int32, ctypes.POINTER(_Tensor), ctypes.c_int32,
                                  ctypes.POINTER(_Tensor), ctypes.c_int32)),
        ("last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, _pointer)),
        ("status_text", ctypes.CFUNCTYPE(ctypes.c_char_p, _status)),
        ("pool_new", ctypes.CFUNCTYPE(_status, ctypes.c_int32, _out)),
        ("pool_free", ctypes.CFUNCTYPE(None, _pointer)),
        ("get_state", ctypes.CFUNCTYPE(_status, _pointer, ctypes.c_char_p, _pointer, ctypes.c_size_t)),
        ("set_state", ctypes.CFUNCTYPE(_status, _pointer, ctypes.c_char_p, _pointer, ctypes.c_size_t)),
    ]


class ModelError(Exception):
    """A status other than 0, with the library's message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def _dynamic_symbols(path):
    """Names that an ELF file exports, read from its section headers."""
    with open(path, "rb") as f:
        elf = f.read()
    if elf[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path} is not a 64-bit little-endian ELF file")
    start, = struct.unpack_from("<Q", elf, 0x28)
    size, count = struct.unpack_from("<HH", elf, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, start + i * size) for i in range(count)]
    for section in sections:
        if section[1] == 11:  # SHT_DYNSYM
            strings = sections[section[6]][4]
            for offset in range(section[4], section[4] + section[5], section[9]):
                name, _, _, defined = struct.unpack_from("<IBBH", elf, offset)
                if defined:
                    yield elf[strings + name:elf.index(b"\0", strings + name)].decode()


def _numpy_dtype(code):
    if code in _EXTENDED:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, _EXTENDED[code]))
    return np.dtype(_DTYPES[code])


def _input_tensor(array):
    code = _EXTENDED_CODES.get(array.dtype.name) or _CODES.get(array.dtype)
    if code is None:
        raise TypeError(f"no element type of the ABI is {array.dtype}")
    dims = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
    return _Tensor(array.ctypes.data, code, array.ndim, dims, array.nbytes)


class Model:
    """An open model with one session. Not to be used by two threads at once."""

    def __init__(self, path, threads=0, variant=None):
        self._library = ctypes.CDLL(path)
        names = [name for name in _dynamic_symbols(path) if name.endswith("_describe")]
        if len(names) != 1:
            raise ValueError(f"{path} is not a library made by dlc compile")
        describe = getattr(self._library, names[0])
        describe.restype = ctypes.POINTER(_Description)
        self._abi = describe().contents
        if self._abi.abi != 1:
            raise ValueError(f"{path} has ABI {self._abi.abi}, this module knows 1")
        self.description = json.loads(self._abi.json)
        self.functions = {f["name"]: i for i, f in enumerate(self.description["functions"])}
        self._model, self._session = ctypes.c_void_p(), ctypes.c_void_p()
        options = _Options(ctypes.sizeof(_Options), None, threads, 0, variant.encode() if variant else None)
        why = ctypes.create_string_buffer(512)
        status = self._abi.open(ctypes.byref(options), ctypes.byref(self._model), why, len(why))
        if status:
            raise ModelError(status, why.value.decode(errors="replace"))
        self._check(self._abi.session_new(self._model, ctypes.byref(self._session)))

    def __del__(self):
        if getattr(self, "_session", None):
            self._abi.session_free(self._session)
        if getattr(self, "_model", None):
            self._abi.close(self._model)

    @property
    def variant(self):
        """The CPU variant in use."""
        return self._abi.variant(self._model).decode()

    def _check(self, status):
        if status:
            message = self._abi.last_error(self._session) if self._session else self._abi.status_text(status)
            raise ModelError(status, (message or b"").decode(errors="replace"))

    def _state(self, name):
        """An empty array like the state called `name`."""
        for state in self.description["states"]:
            if state["name"] == name:
                return np.empty(state["dims"], _TYPES[state["dtype"]])
        raise ValueError(f"no state {name!r}; there are: {', '.join(s['name'] for s in self.description['states']) or '(none)'}")

    def _check_state(self, status):
        if status:
            raise ModelError(status, self._abi.status_text(status).decode())

    def get_state(self, name):
        """A copy of the state called `name`, as it is after the last call of any session."""
        value = self._state(name)
        self._check_state(self._abi.get_state(self._model, name.encode(), value.ctypes.data, value.nbytes))
        return value

    def set_state(self, name, value):
        """Gives the state called `name` another value: an array of its dims, converted to its dtype."""
        own = self._state(name)
        if np.shape(value) != own.shape:
            raise ValueError(f"state {name!r} has dims {own.shape}, got {np.shape(value)}")
        own[...] = value
        self._check_state(self._abi.set_state(self._model, name.encode(), own.ctypes.data, own.nbytes))

    def _prepare(self, inputs, function):
        ports = self.description["functions"][self.functions[function]]
        names = [port["name"] for port in ports["inputs"]]
        if set(names) != set(inputs):
            raise ValueError(f"expects inputs {', '.join(names) or '(none)'}, got {', '.join(inputs) or '(none)'}")
        arrays = [np.asarray(inputs[name], order="C") for name in names]
        ins = (_Tensor * max(len(arrays), 1))(*[_input_tensor(a) for a in arrays])
        n = len(ports["outputs"])
        outs = (_Tensor * max(n, 1))()
        dims = [(ctypes.c_int64 * _MAX_RANK)() for _ in range(n)]

        def call():
            for out, room in zip(outs, dims):
                out.data, out.dtype, out.rank, out.dims, out.capacity = None, 0, _MAX_RANK, room, 0
            self._check(self._abi.call(self._session, self.functions[function], ins, len(arrays), outs, n))

        call.keep = arrays
        return call, [port["name"] for port in ports["outputs"]], outs

    def bind(self, inputs, function="run"):
        """A callable that runs on these arrays again and again and keeps the results in the library: for timing."""
        return self._prepare(inputs, function)[0]

    def run(self, inputs, function="run"):
        """Outputs by name for inputs by name (anything numpy.asarray takes, of the model's dtypes)."""
        call, names, outs = self._prepare(inputs, function)
        call()
        results = {}
        for name, out in zip(names, outs):
            dtype, shape = _numpy_dtype(out.dtype), tuple(out.dims[:out.rank])
            size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
            data = ctypes.string_at(out.data, size) if size else b""
            results[name] = np.frombuffer(bytearray(data), dtype).reshape(shape)
        return results
